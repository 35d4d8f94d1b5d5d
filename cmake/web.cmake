# The report's page: web/ built to one file by Node (deps/fetch web) and put into the program.
# bw_dep_page gives "page.h": bw::report_page(). The front end is built in the build folder, so the tree stays as it is.

if(NOT EXISTS ${BW_MODULES_ROOT}/.complete OR NOT EXISTS ${CMAKE_SOURCE_DIR}/web/package.json)
  message(STATUS "page: Node or web/'s packages are not there; what needs them is left out. deps/fetch web brings them.")
  return()
endif()

file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/build/* ${CMAKE_SOURCE_DIR}/web/sample/* ${CMAKE_SOURCE_DIR}/web/test/*)
set(page_place ${CMAKE_BINARY_DIR}/web)
set(page_files package.json tsconfig.json vite.config.ts report.html src sample build test)
add_custom_command(
  OUTPUT ${page_place}/dist/report.html
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${page_place}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${page_place}
  COMMAND cp -r ${page_files} ${page_place}
  COMMAND ${CMAKE_COMMAND} -E create_symlink ${BW_MODULES_ROOT}/node_modules ${page_place}/node_modules
  COMMAND ${CMAKE_COMMAND} -E chdir ${page_place} ${CMAKE_COMMAND} -E env "PATH=${BW_NODE_ROOT}/bin:$ENV{PATH}"
          npm run --silent build
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web
  DEPENDS ${page_sources} ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_SOURCE_DIR}/web/vite.config.ts
          ${CMAKE_SOURCE_DIR}/web/report.html
  COMMENT "Building the report's page")

file(WRITE ${CMAKE_BINARY_DIR}/page/page.h.new [[
// The report's page, one HTML file, as web/ was built with this program.
#pragma once
#include <string_view>
extern "C" const char bw_page_begin[], bw_page_end[];
namespace bw {
inline std::string_view report_page() { return {bw_page_begin, static_cast<std::size_t>(bw_page_end - bw_page_begin)}; }
}  // namespace bw
]])
file(COPY_FILE ${CMAKE_BINARY_DIR}/page/page.h.new ${CMAKE_BINARY_DIR}/page/page.h ONLY_IF_DIFFERENT)
file(WRITE ${CMAKE_BINARY_DIR}/page/page.S
  "  .section .rodata\n  .global bw_page_begin, bw_page_end\nbw_page_begin:\n  .incbin \"${page_place}/dist/report.html\"\n"
  "bw_page_end:\n  .byte 0\n  .section .note.GNU-stack,\"\",%progbits\n")

enable_language(ASM)
add_library(bw_page STATIC ${CMAKE_BINARY_DIR}/page/page.S)
set_source_files_properties(${CMAKE_BINARY_DIR}/page/page.S PROPERTIES OBJECT_DEPENDS ${page_place}/dist/report.html)
add_library(bw_dep_page INTERFACE)
target_include_directories(bw_dep_page INTERFACE ${CMAKE_BINARY_DIR}/page)
target_link_libraries(bw_dep_page INTERFACE bw_page)
