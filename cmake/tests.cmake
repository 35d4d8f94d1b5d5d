# tests/FOLDER/**.cpp -> FOLDER_test, one program a folder; perf/NAME.cpp -> perf_NAME; fuzz/NAME.cpp -> fuzz_NAME.
# A test program links the library it mirrors, and with it everything below. A folder of tests/ that mirrors none
# (tests/program) tests the whole program: it runs the built binary.

file(STRINGS ${CMAKE_SOURCE_DIR}/src/layers.txt bw_layers REGEX "^layer ")
string(REGEX REPLACE "layer| " ";" bw_folders "${bw_layers}")

# The library that a folder's test needs; empty if it is left out in this build.
function(bw_library_of folder result)
  set(${result} "" PARENT_SCOPE)
  if(TARGET bw_${folder})
    set(${result} bw_${folder} PARENT_SCOPE)
  elseif(TARGET bitwright AND NOT folder IN_LIST bw_folders)
    set(${result} bw_cli PARENT_SCOPE)
  endif()
endfunction()

# Third-party libraries that a folder's tests use themselves: as independent makers of input, or as the oracle.
set(BW_TEST_USES_archive zlib)
set(BW_TEST_USES_format onnx onnxruntime)
set(BW_TEST_USES_store sqlite)

function(bw_test folder sources)
  bw_library_of(${folder} library)
  if(NOT library)
    return()
  endif()
  add_executable(${folder}_test ${sources})
  target_link_libraries(${folder}_test PRIVATE ${library} Catch2::Catch2WithMain)
  foreach(name IN LISTS BW_TEST_USES_${folder})
    target_link_libraries(${folder}_test PRIVATE bw_dep_${name})
  endforeach()
  target_include_directories(${folder}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${folder}_test PRIVATE
    BW_GOLDEN="${CMAKE_SOURCE_DIR}/tests/golden" BW_SOURCE="${CMAKE_SOURCE_DIR}" BW_BINARY="${CMAKE_BINARY_DIR}/bitwright" BW_CORPUS="${BW_CORPUS_ROOT}/models")
  if(BW_SANITIZE)  # reserves address space: no limit on memory can be tested
    target_compile_definitions(${folder}_test PRIVATE BW_SANITIZED)
  endif()
  bw_set_rpath(${folder}_test)
  if(TARGET bitwright AND (folder MATCHES "^(measure|bench|cli)$" OR NOT folder IN_LIST bw_folders))  # these start it
    add_dependencies(${folder}_test bitwright)
  endif()
  add_test(NAME ${folder} COMMAND ${folder}_test --colour-mode none)
  set_tests_properties(${folder} PROPERTIES TIMEOUT 900)
  if(folder MATCHES "^(measure|bench|program)$")  # these measure time: nothing beside them
    set_tests_properties(${folder} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

if(Catch2_FOUND)
  file(GLOB folders RELATIVE ${CMAKE_SOURCE_DIR}/tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*)
  foreach(folder IN LISTS folders)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
    if(sources)
      bw_test(${folder} "${sources}")
    endif()
  endforeach()
else()
  message(STATUS "tests: left out, Catch2 3 is not there. deps/fetch build brings it.")
endif()

if(NOT CMAKE_CROSSCOMPILING)
  add_test(NAME layers COMMAND ${CMAKE_SOURCE_DIR}/tools/check_layers)
  add_test(NAME tree COMMAND ${CMAKE_SOURCE_DIR}/tools/check_tree)
  add_test(NAME tools COMMAND ${CMAKE_SOURCE_DIR}/tests/tools/checks_test.py)
  add_test(NAME faults COMMAND ${CMAKE_SOURCE_DIR}/tools/mutate --check)
  add_test(NAME mutate COMMAND ${CMAKE_SOURCE_DIR}/tests/tools/mutate_test.py)
  add_test(NAME deps COMMAND ${CMAKE_SOURCE_DIR}/tests/tools/deps_test.py)
endif()

# The kernels give the same bits on other processors: the cross-compiled programs (./dev test builds build/aarch64), and
# the native one on an x86-64 with AVX2 only.
function(bw_emulated_test name program)
  find_program(emulator ${ARGV2} NO_CACHE)
  if(emulator)
    add_test(NAME ${name} COMMAND sh -c "[ -x \"$0\" ] || exit 77; exec \"$@\" \"$0\" --colour-mode none" ${program} ${ARGN})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
  endif()
endfunction()

if(NOT CMAKE_CROSSCOMPILING AND NOT BW_SANITIZE AND TARGET tensor_test)
  foreach(folder base tensor)
    bw_emulated_test(${folder}-aarch64 ${CMAKE_SOURCE_DIR}/build/aarch64/${folder}_test qemu-aarch64 -L /usr/aarch64-linux-gnu)
  endforeach()
  bw_emulated_test(tensor-haswell $<TARGET_FILE:tensor_test> qemu-x86_64 -cpu Haswell)
endif()

if(TARGET bw_page)
  add_test(NAME web COMMAND ${CMAKE_COMMAND} -E env "PATH=${BW_NODE_ROOT}/bin:$ENV{PATH}" npm test
           WORKING_DIRECTORY ${page_place})
endif()

function(bw_programs folder prefix)  # what they link follows
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${prefix}_${name} ${source})
    target_link_libraries(${prefix}_${name} PRIVATE ${ARGN})
    target_include_directories(${prefix}_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    bw_set_rpath(${prefix}_${name})
  endforeach()
endfunction()

if(NOT CMAKE_CROSSCOMPILING)
  bw_programs(perf perf ${BW_LIBRARIES_TOP})
  if(BW_FUZZ)
    bw_programs(fuzz fuzz bw_observe -fsanitize=fuzzer)  # every reader stands at or below bw_observe
  endif()
endif()
