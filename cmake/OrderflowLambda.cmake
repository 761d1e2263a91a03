# AWS Lambda functions that run on another Linux than the one they are built on: they bring the dynamic loader, the C
# library and all others along, in /var/task, where Lambda unpacks a function.
#
#   orderflow_lambda_binary(NAME orderflow-lambda-x SOURCES x_main.cc DEPENDS orderflow::x)   # links no gRPC, or fails
#   orderflow_lambda_package(NAME do-x BINARY orderflow-lambda-x [FILES catalog.json])        # lambda/do-x.zip
#
# Packages are made by the target `lambda_packages`, and by `all` in a release build.

include(OrderflowLayers)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(ORDERFLOW_LAMBDA_CERTIFICATES "/etc/ssl/certs/ca-certificates.crt" CACHE STRING
    "PEM files with the authorities that functions trust, put together as certificates.pem into each package")

# The loader's path as the compiler would have it, such as /lib64/ld-linux-x86-64.so.2: its name differs by processor.
function(orderflow_find_loader out)
  execute_process(
    COMMAND "${CMAKE_CXX_COMPILER}" "-###" -x c++ /dev/null
    OUTPUT_VARIABLE ignored ERROR_VARIABLE commands)
  string(REGEX MATCH "-dynamic-linker\"? \"?([^ \"]+)" found "${commands}")
  if(NOT found)
    message(FATAL_ERROR "${CMAKE_CXX_COMPILER} -### does not tell which dynamic loader it links programs with")
  endif()
  get_filename_component(name "${CMAKE_MATCH_1}" NAME)
  set(${out} "${name}" PARENT_SCOPE)
endfunction()

orderflow_find_loader(ORDERFLOW_LAMBDA_LOADER)
add_custom_target(lambda_packages)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT ORDERFLOW_SANITIZE)
  set_target_properties(lambda_packages PROPERTIES EXCLUDE_FROM_ALL OFF)
  add_custom_target(lambda_packages_in_all ALL DEPENDS lambda_packages)
endif()

function(orderflow_lambda_binary)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS" ${ARGN})
  orderflow_binary(NAME ${ARG_NAME} SOURCES ${ARG_SOURCES} DEPENDS ${ARG_DEPENDS})
  orderflow_forbid_links(${ARG_NAME} gRPC:: orderflow::proto_grpc)
  # The old kind of rpath also holds for the libraries of our libraries, and "$ORIGIN" would need /proc.
  target_link_options(${ARG_NAME} PRIVATE
    "LINKER:--dynamic-linker=/var/task/lib/${ORDERFLOW_LAMBDA_LOADER}"
    "LINKER:-rpath,/var/task/lib" "LINKER:--disable-new-dtags" "LINKER:--gc-sections")
  set_target_properties(${ARG_NAME} PROPERTIES
    SKIP_BUILD_RPATH ON RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lambda")
endfunction()

function(orderflow_lambda_package)
  cmake_parse_arguments(ARG "" "NAME;BINARY" "FILES" ${ARGN})
  set(zip "${PROJECT_BINARY_DIR}/lambda/${ARG_NAME}.zip")
  set(script "${PROJECT_SOURCE_DIR}/lambda/package.py")
  add_custom_command(
    OUTPUT "${zip}"
    COMMAND Python3::Interpreter "${script}" "--compiler=${CMAKE_CXX_COMPILER}" "--strip=${CMAKE_STRIP}"
            "--readelf=${CMAKE_READELF}" "--loader=${ORDERFLOW_LAMBDA_LOADER}"
            "--certificates=${ORDERFLOW_LAMBDA_CERTIFICATES}" "--output=${zip}" $<TARGET_FILE:${ARG_BINARY}> ${ARG_FILES}
    DEPENDS ${ARG_BINARY} "${script}" ${ARG_FILES}
    COMMENT "Packaging the Lambda function ${ARG_NAME}" VERBATIM)
  add_custom_target(lambda_package_${ARG_NAME} DEPENDS "${zip}")
  add_dependencies(lambda_packages lambda_package_${ARG_NAME})
endfunction()
