set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

option(BW_WERROR "Warnings are errors" OFF)
set(BW_SANITIZE "" CACHE STRING "Sanitizers for everything of ours, as -fsanitize= takes them")
option(BW_COVERAGE "Count executed lines" OFF)
option(BW_FUZZ "Build fuzz/ with libFuzzer (clang)" OFF)

# Everything of ours is compiled with this target's flags.
add_library(bw_options INTERFACE)
target_include_directories(bw_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(bw_options INTERFACE
  -Wall -Wextra -Wpedantic
  -ffp-contract=off                                   # results equal to the bit on every CPU
  -fstack-protector-strong
  -ffile-prefix-map=${CMAKE_BINARY_DIR}=build         # no path of the build machine in the program
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
  $<$<BOOL:${BW_WERROR}>:-Werror>)
target_compile_definitions(bw_options INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(bw_options INTERFACE -pie -Wl,-z,relro,-z,now)
if(NOT BW_SANITIZE)
  target_compile_options(bw_options INTERFACE $<$<CONFIG:Release>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=3>)
else()
  target_compile_options(bw_options INTERFACE -fsanitize=${BW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(bw_options INTERFACE -fsanitize=${BW_SANITIZE})
endif()
if(BW_FUZZ)
  target_compile_options(bw_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BW_COVERAGE)
  target_compile_options(bw_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(bw_options INTERFACE --coverage)
endif()

find_program(BW_CCACHE ccache)
if(BW_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 ${BW_CCACHE})  # shared by build folders
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()

find_program(BW_MOLD mold)
if(BW_MOLD AND NOT CMAKE_CROSSCOMPILING)
  target_link_options(bw_options INTERFACE -fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
target_link_libraries(bw_options INTERFACE Threads::Threads)
