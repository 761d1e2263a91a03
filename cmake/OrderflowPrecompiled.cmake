# Precompiled headers: more than half of a compiler's time goes into the same headers of the C++ library, Abseil and
# GoogleTest.
#
#   orderflow_precompile(library)                             # declares a kind of target
#   orderflow_precompile(api DEPENDS orderflow::proto HEADERS <orderflow/workflow/v1/workflow.pb.h>)
#   orderflow_precompile(test TEST)
#   orderflow_use_precompiled(${target} library)              # a target of this kind
#
# What is in a precompiled header is there without #include, so ORDERFLOW_PCH differs by preset: what is shipped is built
# without, which shows a missing include. (It also must be: GCC 12 forgets with -O2 which warnings are about the C++
# library's own code.) All targets of a kind are compiled with the same flags; compilers refuse what was precompiled with
# others.

set(ORDERFLOW_PCH "" CACHE STRING "What has the headers precompiled that nearly everything includes: empty, tests or all")
if(NOT ORDERFLOW_PCH MATCHES "^(tests|all)?$")
  message(FATAL_ERROR "ORDERFLOW_PCH is '${ORDERFLOW_PCH}'; expected empty, 'tests' or 'all'")
endif()

set(ORDERFLOW_COMMON_HEADERS
    <algorithm> <functional> <map> <memory> <optional> <string> <string_view> <utility> <vector>
    <absl/container/flat_hash_map.h> <absl/functional/any_invocable.h> <absl/status/status.h> <absl/status/statusor.h>
    <absl/strings/str_cat.h> <absl/time/time.h> <absl/types/span.h>)

# A test is compiled more often than it runs: optimizing it takes longer than it saves (half of the time that Clang
# takes with a sanitizer). What it tests is in libraries, which are optimized as the preset says.
set(ORDERFLOW_TEST_OPTIONS -O0)

# CMake would have what is included into a precompiled header as a system's header, ours included: without warnings.
set(CMAKE_PCH_PROLOGUE "")

# HEADERS: besides the common ones. DEPENDS: whose headers these are. OPTIONS: those of the targets of this kind.
# TEST: with GoogleTest and the options of tests.
function(orderflow_precompile kind)
  cmake_parse_arguments(ARG "TEST" "" "HEADERS;DEPENDS;OPTIONS" ${ARGN})
  if(NOT ORDERFLOW_PCH STREQUAL "all" AND NOT (ORDERFLOW_PCH STREQUAL "tests" AND ARG_TEST))
    return()
  endif()
  if(ARG_TEST)
    list(APPEND ARG_HEADERS <gmock/gmock.h> <gtest/gtest.h>)
    list(APPEND ARG_DEPENDS GTest::gmock GTest::gtest)
    list(APPEND ARG_OPTIONS ${ORDERFLOW_TEST_OPTIONS})
  endif()
  set(target orderflow_precompiled_${kind})
  set(source "${CMAKE_CURRENT_BINARY_DIR}/precompiled_${kind}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// Precompiled headers belong to a target, and a target has a source.\n")
  add_library(${target} OBJECT "${source}")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE orderflow::warnings ${ARG_DEPENDS})
  target_compile_options(${target} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(${target} PRIVATE ${ORDERFLOW_COMMON_HEADERS} ${ARG_HEADERS})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # With the time of day in it, each build of it would differ, and a compiler cache have nothing of what includes it.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    # It names the files that it is made from, which in a cache may be another tree's.
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "")
  endif()
endfunction()

function(orderflow_use_precompiled target kind)
  if(TARGET orderflow_precompiled_${kind})
    target_precompile_headers(${target} REUSE_FROM orderflow_precompiled_${kind})
  endif()
endfunction()
