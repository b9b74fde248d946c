# What every translation unit is compiled with.
add_library(portico_compile INTERFACE)
target_include_directories(portico_compile INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(portico_compile INTERFACE cxx_std_23)
target_compile_options(portico_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-omit-frame-pointer)

# g++ 12 sees overlaps where std::string is prepended to (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(portico_compile INTERFACE -Wno-restrict)
endif()

# assert() stays on in release builds: a bug of ours ends the worker instead of corrupting an answer.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

if(PORTICO_SANITIZE)
  # -O1 -g1: what the sanitizers' manuals advise, and half the time to compile.
  target_compile_options(portico_compile INTERFACE -O1 -g1 -fsanitize=${PORTICO_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(portico_compile INTERFACE -fsanitize=${PORTICO_SANITIZE})
endif()
if(PORTICO_FUZZ)
  target_compile_options(portico_compile INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The library's objects are the program's, so they have to fit into a shared one. At link time the program is made of them as if they
# had been compiled for a program (decision 7).
if(PORTICO_LIBRARY)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  target_compile_options(portico_compile INTERFACE -fno-semantic-interposition)
endif()

# The program is optimised as a whole. Objects hold both forms where there are tests, which link the ordinary one: what a test
# waits for is its link. So does the static library, whose users may have another compiler.
option(PORTICO_LTO "Optimise the program at link time (g++)" OFF)
if(PORTICO_LTO)
  set(PORTICO_LTO_COMPILE -flto=auto
      $<IF:$<OR:$<BOOL:${PORTICO_TESTS}>,$<BOOL:${PORTICO_LIBRARY}>>,-ffat-lto-objects,-fno-fat-lto-objects>)
  set(PORTICO_LTO_LINK -flto=auto)
  set(PORTICO_LTO_NONE -fno-lto)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
