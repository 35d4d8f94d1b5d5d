# One interface target for each third-party library, bw_dep_NAME, made only where the library is there.
# What deps/fetch unpacked or built is found by BW_NAME_ROOT, which deps/fetch itself tells; -DBW_NAME_ROOT=... overrides.

execute_process(COMMAND ${CMAKE_SOURCE_DIR}/deps/fetch --roots OUTPUT_VARIABLE BW_ROOTS
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" BW_ROOTS "${BW_ROOTS}")
foreach(pair IN LISTS BW_ROOTS)
  string(REGEX MATCH "^([^=]+)=(.*)$" _ "${pair}")
  string(TOUPPER ${CMAKE_MATCH_1} name)
  if(NOT DEFINED BW_${name}_ROOT)
    set(BW_${name}_ROOT ${CMAKE_MATCH_2})
  endif()
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/deps/list ${CMAKE_SOURCE_DIR}/deps/fetch ${CMAKE_SOURCE_DIR}/web/package-lock.json)

set(BW_RPATH "")

# bw_dependency(NAME HEADER INCLUDE-FOLDER LIBRARY...): a library that is there if its header is.
function(bw_dependency name header include)
  if(NOT EXISTS ${include}/${header})
    message(STATUS "${name}: not found (${include}/${header}); what needs it is left out. deps/fetch build brings it.")
    return()
  endif()
  add_library(bw_dep_${name} INTERFACE)
  target_include_directories(bw_dep_${name} SYSTEM INTERFACE ${include})
  target_link_libraries(bw_dep_${name} INTERFACE ${ARGN})
endfunction()

if(CMAKE_CROSSCOMPILING)           # the kernels and what they stand on: base, tensor
  set(BW_SYSROOT ${BW_ARM64_ROOT})
  set(fmt_lib ${BW_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libfmt.so)
  set(crypto_lib ${BW_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libcrypto.a dl)
  set(BW_HIGHWAY_ROOT ${BW_SYSROOT})
  set(BW_CATCH2_ROOT ${BW_SYSROOT})
  list(APPEND BW_RPATH ${BW_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
  include_directories(SYSTEM ${BW_SYSROOT}/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
else()
  set(BW_SYSROOT "")
  set(fmt_lib fmt)
  set(crypto_lib crypto)
endif()

bw_dependency(json nlohmann/json.hpp ${BW_SYSROOT}/usr/include)
bw_dependency(fmt fmt/format.h ${BW_SYSROOT}/usr/include ${fmt_lib})
bw_dependency(crypto openssl/sha.h ${BW_SYSROOT}/usr/include ${crypto_lib})
bw_dependency(highway hwy/highway.h ${BW_HIGHWAY_ROOT}/usr/include ${BW_HIGHWAY_ROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libhwy.so)
list(APPEND BW_RPATH ${BW_HIGHWAY_ROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})

if(NOT CMAKE_CROSSCOMPILING)
  bw_dependency(protobuf google/protobuf/message.h /usr/include protobuf)
  bw_dependency(onnx onnx/onnx_pb.h ${BW_ONNX_ROOT}/include ${BW_ONNX_ROOT}/lib/libonnx.a ${BW_ONNX_ROOT}/lib/libonnx_proto.a protobuf)
  bw_dependency(onnxruntime onnxruntime/onnxruntime_cxx_api.h ${BW_ONNXRUNTIME_ROOT}/include ${BW_ONNXRUNTIME_ROOT}/lib/libonnxruntime.so)
  bw_dependency(sqlite sqlite3.h ${BW_SQLITE_ROOT}/include ${BW_SQLITE_ROOT}/lib/libsqlite3.a)
  bw_dependency(tokenizers bwtok.h ${BW_TOKENIZERS_ROOT}/include ${BW_TOKENIZERS_ROOT}/lib/libbwtok.a dl m)
  bw_dependency(cli11 CLI/CLI.hpp /usr/include)
  bw_dependency(yaml yaml-cpp/yaml.h /usr/include yaml-cpp)
  bw_dependency(zlib zlib.h /usr/include z)
  bw_dependency(jpeg jpeglib.h /usr/include jpeg)
  bw_dependency(png png.h /usr/include png)
  list(APPEND BW_RPATH ${BW_ONNXRUNTIME_ROOT}/lib)
  include(cmake/web.cmake)
endif()
# What the program finds when it runs, if it is there then.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/run/openvino/api.cpp PROPERTIES
  COMPILE_DEFINITIONS BW_OPENVINO_ROOT="${BW_OPENVINO_ROOT}")
find_package(Catch2 3 QUIET PATHS ${BW_CATCH2_ROOT}/usr NO_DEFAULT_PATH)

if(TARGET bw_dep_onnx)
  target_compile_definitions(bw_dep_onnx INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
endif()

# Finds shared libraries beside an installed program first, then in the cache.
function(bw_set_rpath target)
  set_target_properties(${target} PROPERTIES BUILD_RPATH "$ORIGIN/../lib;${BW_RPATH}" INSTALL_RPATH "$ORIGIN/../lib")
endfunction()
