# How every translation unit is compiled.
add_library(portico_compile INTERFACE)
target_include_directories(portico_compile INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(portico_compile INTERFACE cxx_std_23)
target_compile_options(portico_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-omit-frame-pointer)

# g++ 12 warns of overlaps that do not exist if text is prepended to a std::string (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(portico_compile INTERFACE -Wno-restrict)
endif()

# assert() stays on in release builds: if we have a bug, the worker ends instead of corrupting an answer.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

if(PORTICO_SANITIZE)
  # -O1 -g1: recommended by the sanitizers' manuals, and takes half the time to compile; without line numbers, an eighth less. The
  # tests under the thread sanitizer wait more than they compute, and the whole build takes longer than they do. Three checks of
  # `undefined` are left out: they take a fifth of the time to compile, and the address sanitizer sees what two of them look for. The
  # quick selection of instructions saves an eighth.
  set(sanitize $<IF:$<BOOL:${PORTICO_LINES}>,-g1,-g0> -O1 -fsanitize=${PORTICO_SANITIZE} -fno-sanitize-recover=all)
  if(PORTICO_SANITIZE STREQUAL "thread")
    list(APPEND sanitize -O0)
  elseif(PORTICO_SANITIZE MATCHES "undefined")
    list(APPEND sanitize -fno-sanitize=null,object-size,vptr "SHELL:-mllvm -fast-isel")
  endif()
  target_compile_options(portico_compile INTERFACE ${sanitize})
  target_compile_definitions(portico_compile INTERFACE PORTICO_SANITIZED)
  target_link_options(portico_compile INTERFACE -fsanitize=${PORTICO_SANITIZE})
endif()
# clang's own linker takes a third of the time.
find_program(PORTICO_LLD NAMES ld.lld-19 ld.lld)
if(PORTICO_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(portico_compile INTERFACE -fuse-ld=lld)
endif()
# A fuzzer is to know what the program does, not what its tests do.
set(unoptimised $<BOOL:$<TARGET_PROPERTY:PORTICO_UNOPTIMISED>>)
if(PORTICO_FUZZ)
  target_compile_options(portico_compile INTERFACE $<$<NOT:${unoptimised}>:-fsanitize=fuzzer-no-link>)
endif()

# The library and the program share object files, so these must fit into a shared library. At link time, the program is
# made from them as if they had been compiled for a program (decision 7).
if(PORTICO_LIBRARY)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  target_compile_options(portico_compile INTERFACE -fno-semantic-interposition)
endif()

# The program is optimised as a whole. If there are tests, objects contain both forms, and the tests link the ordinary
# one: a test build spends most of its time linking. So does the static library, whose users may have another compiler.
set(PORTICO_LTO OFF CACHE STRING "Optimise at link time (g++): OFF, PROGRAM (not the shared library, which takes a minute), ON")
if(PORTICO_LTO)
  set(PORTICO_LTO_COMPILE -flto=auto
      $<IF:$<OR:$<BOOL:${PORTICO_TESTS}>,$<BOOL:${PORTICO_LIBRARY}>>,-ffat-lto-objects,-fno-fat-lto-objects>)
  set(PORTICO_LTO_ONLY -flto=auto -fno-fat-lto-objects)
  set(PORTICO_LTO_LINK -flto=auto)
  set(PORTICO_LTO_NONE -fno-lto)
  set(PORTICO_LTO_LIBRARY ${PORTICO_LTO_LINK})
  if(PORTICO_LTO STREQUAL "PROGRAM")
    set(PORTICO_LTO_LIBRARY ${PORTICO_LTO_NONE})
  endif()
endif()

# Compiling is most of the time that a build of everything takes, and parsing headers is most of that. Two ways to do it less often.
# The program that ships uses neither. With precompiled headers, the compiler doesn't notice that a file forgets to include one of
# them: tools/check_includes.py does. Values: OFF, TESTS (tests only), ON.
set(PORTICO_UNITY OFF CACHE STRING "Compile the sources of a room together: OFF, TESTS, ON")
set(PORTICO_PRECOMPILED OFF CACHE STRING "Compile the headers of the standard library and of GoogleTest once: OFF, TESTS, ON")

# Sets `result` to whether `option` applies to a target; `kind` is TESTS or empty.
function(_portico_applies result option kind)
  if(${option} STREQUAL "TESTS")
    string(COMPARE EQUAL "${kind}" TESTS applies)
  else()
    set(applies ${${option}})
  endif()
  set(${result} ${applies} PARENT_SCOPE)
endfunction()

# Tables of tests take the optimiser far longer than they take to run, and checks for undefined behaviour make them a quarter
# larger. What they test is optimised and checked.
target_compile_options(portico_compile INTERFACE $<${unoptimised}:-O0> $<$<BOOL:$<TARGET_PROPERTY:PORTICO_SELDOM_USED>>:-O0>)
if(PORTICO_SANITIZE MATCHES "undefined")
  target_compile_options(portico_compile INTERFACE $<${unoptimised}:-fno-sanitize=undefined>)
endif()

# portico_as_one(TARGET [TESTS]): several sources of a target become one. Names in their anonymous namespaces then meet each other.
function(portico_as_one target)
  _portico_applies(applies PORTICO_UNITY "${ARGN}")
  if(applies)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
    # g++ takes the included sources for headers, and warns about their anonymous namespaces.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# portico_precompiled(TARGET [TESTS | EXECUTABLE | SELDOM_USED]): includes the usual headers before every source of a target. They
# are compiled once for all targets, or for all tests, or for all rooms that aren't optimised, so they hold nothing of ours. An
# executable that isn't a test is compiled with the options of the rooms, so that it can share their headers.
function(portico_precompiled target)
  _portico_applies(applies PORTICO_PRECOMPILED "${ARGN}")
  if(NOT applies)
    return()
  endif()
  set(headers portico_headers)
  if("${ARGN}" STREQUAL "TESTS")
    set(headers portico_test_headers)
  elseif("${ARGN}" STREQUAL "SELDOM_USED")
    set(headers portico_unoptimised_headers)
  endif()
  if(NOT TARGET ${headers})
    file(WRITE ${PROJECT_BINARY_DIR}/${headers}.cc "")
    # The compilers read them only with the options that they were compiled with.
    add_library(${headers} OBJECT ${PROJECT_BINARY_DIR}/${headers}.cc)
    target_link_libraries(${headers} PRIVATE portico_compile)
    set(common algorithm array atomic charconv chrono coroutine cstring expected functional map memory mutex optional span string
               string_view unordered_map utility vector)
    list(TRANSFORM common REPLACE "(.+)" "<\\1>")
    if(headers STREQUAL portico_test_headers)
      list(APPEND common <filesystem> <fstream> <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
      target_link_libraries(${headers} PRIVATE GTest::gmock GTest::gtest)
      # Tests are executables without link-time optimisation.
      target_compile_options(${headers} PRIVATE $<$<BOOL:${PORTICO_LIBRARY}>:-fPIE>)
      set_target_properties(${headers} PROPERTIES POSITION_INDEPENDENT_CODE OFF PORTICO_UNOPTIMISED ON)
    elseif(headers STREQUAL portico_unoptimised_headers)
      list(APPEND common <fmt/format.h> <nlohmann/json.hpp>)
      set_target_properties(${headers} PROPERTIES PORTICO_SELDOM_USED ON)
    else()
      # Inline functions of these headers get the visibility that they would have without precompiled headers (rooms.cmake).
      target_compile_options(${headers} PRIVATE ${PORTICO_LTO_COMPILE} $<$<BOOL:${PORTICO_LIBRARY}>:-fvisibility-inlines-hidden>)
    endif()
    target_precompile_headers(${headers} PRIVATE ${common})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
  if("${ARGN}" STREQUAL "EXECUTABLE")
    target_compile_options(${target} PRIVATE ${PORTICO_LTO_COMPILE}
                           $<$<BOOL:${PORTICO_LIBRARY}>:-fPIC> $<$<BOOL:${PORTICO_LIBRARY}>:-fvisibility-inlines-hidden>)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  endif()
endfunction()

find_program(CCACHE ccache)
if(CCACHE)
  # Settings that ccache needs if headers are precompiled (its manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  if(PORTICO_PRECOMPILED AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(portico_compile INTERFACE -fpch-preprocess)
  endif()
endif()
