# The one way to declare a target: sources and dependencies by name, an alias orderflow::<name>,
# the warnings, and the source tree as include root.
#
#   orderflow_library(NAME inventory SOURCES inventory.cc inventory.h DEPENDS orderflow::database [FUZZED])
#   orderflow_binary(NAME orderflow-inventory SOURCES main.cc DEPENDS orderflow::inventory_service)
#   orderflow_test(NAME inventory_test SOURCES inventory_test.cc DEPENDS orderflow::inventory [LABELS postgres] [WAITS])
#   orderflow_fuzzer(NAME path_fuzzer SOURCES path_fuzzer.cc DEPENDS orderflow::asl)   # only with ORDERFLOW_FUZZERS

include(OrderflowPrecompiled)

# A fuzzer is led by what it reaches, so the libraries under it must tell; and it is worth what it gets done.
set(ORDERFLOW_FUZZED_OPTIONS -O1 -fsanitize=fuzzer-no-link)

orderflow_precompile(library)
orderflow_precompile(test TEST)
if(ORDERFLOW_FUZZERS)
  orderflow_precompile(fuzzed OPTIONS ${ORDERFLOW_FUZZED_OPTIONS})
endif()

# FUZZED: a fuzzer is for this library. PRECOMPILED: the kind of its precompiled headers, by default `library` or `test`.
# WAITS: this test spends nearly all of its time waiting for time to pass.
function(orderflow_library)
  cmake_parse_arguments(ARG "FUZZED" "NAME;PRECOMPILED" "SOURCES;DEPENDS" ${ARGN})
  set(target orderflow_${ARG_NAME})
  set(compiled ${ARG_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cc$")
  if(compiled)
    add_library(${target} STATIC ${ARG_SOURCES})
    target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} PRIVATE orderflow::warnings)
    if(ARG_FUZZED AND ORDERFLOW_FUZZERS)
      target_compile_options(${target} PRIVATE ${ORDERFLOW_FUZZED_OPTIONS})
      orderflow_use_precompiled(${target} fuzzed)
    elseif(ARG_PRECOMPILED)
      orderflow_use_precompiled(${target} ${ARG_PRECOMPILED})
    else()
      orderflow_use_precompiled(${target} library)
    endif()
    if(ORDERFLOW_SANITIZE)
      # Tests and fuzzers build what they link.
      set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} INTERFACE ${ARG_DEPENDS})
  endif()
  add_library(orderflow::${ARG_NAME} ALIAS ${target})
endfunction()

function(orderflow_binary)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPENDS} orderflow::warnings)
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  orderflow_use_precompiled(${ARG_NAME} library)
  if(ORDERFLOW_SANITIZE)
    # What end-to-end tests start, which run on the release.
    set_target_properties(${ARG_NAME} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()

# scripts/test has two slots per core, for a test that works, and one more for a test that waits: one after the other,
# lest they take the place of one that works.
function(orderflow_takes_slots test waits)
  if(waits)
    set_tests_properties(${test} PROPERTIES PROCESSORS 1 RESOURCE_LOCK waiting)
  else()
    set_tests_properties(${test} PROPERTIES PROCESSORS 2)
  endif()
endfunction()

function(orderflow_test)
  cmake_parse_arguments(ARG "WAITS" "NAME;TIMEOUT;PRECOMPILED" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPENDS} orderflow::warnings GTest::gmock GTest::gtest_main)
  target_compile_options(${ARG_NAME} PRIVATE ${ORDERFLOW_TEST_OPTIONS})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED test)
  endif()
  orderflow_use_precompiled(${ARG_NAME} ${ARG_PRECOMPILED})
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  orderflow_takes_slots(${ARG_NAME} "${ARG_WAITS}")
  if(ORDERFLOW_SANITIZE STREQUAL "address")
    set_property(TEST ${ARG_NAME} APPEND PROPERTY ENVIRONMENT
                 "LSAN_OPTIONS=print_suppressions=0:suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp")
  elseif(ORDERFLOW_SANITIZE STREQUAL "thread")
    set_property(TEST ${ARG_NAME} APPEND PROPERTY ENVIRONMENT
                 "TSAN_OPTIONS=print_suppressions=0:suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp")
  endif()
endfunction()

function(orderflow_fuzzer)
  if(NOT ORDERFLOW_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPENDS} orderflow::warnings -fsanitize=fuzzer)
  target_compile_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endfunction()
