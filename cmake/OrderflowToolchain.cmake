# Language level, warnings, sanitizers, and the tools that make a build fast.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# gRPC asks for it, and a precompiled header serves only those who are compiled alike.
add_compile_options(-pthread)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(ORDERFLOW_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, address (with UBSan) or thread")
option(ORDERFLOW_FUZZERS "Build the libFuzzer targets (needs Clang)" OFF)

find_program(ORDERFLOW_CCACHE ccache)
if(ORDERFLOW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ORDERFLOW_CCACHE}")
endif()

find_program(ORDERFLOW_MOLD mold)
if(ORDERFLOW_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(ORDERFLOW_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(ORDERFLOW_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(ORDERFLOW_SANITIZE)
  message(FATAL_ERROR "ORDERFLOW_SANITIZE is '${ORDERFLOW_SANITIZE}'; expected empty, 'address' or 'thread'")
endif()

# Warnings are one interface target that all of our own code links; generated code does not.
add_library(orderflow_warnings INTERFACE)
add_library(orderflow::warnings ALIAS orderflow_warnings)
# A designated initializer names what differs from the default; GCC would have it name the rest, too.
target_compile_options(orderflow_warnings INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(orderflow_warnings INTERFACE -Wthread-safety)
endif()
