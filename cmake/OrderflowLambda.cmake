# AWS Lambda functions that run on another Linux than the one they are built on: they bring the dynamic loader, the C
# library and all others along, in /var/task, where Lambda unpacks a function.
#
#   orderflow_lambda_binary(NAME orderflow-lambda-x SOURCES x_main.cc DEPENDS orderflow::x)   # links no gRPC, or fails
#   orderflow_lambda_package(NAME do-x BINARY orderflow-lambda-x [FILES catalog.json])        # lambda/do-x.zip
#
# Packages are made by the target `lambda_packages`, and by `all` in a release build; that needs python3.

include(OrderflowLayers)

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
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_custom_target(lambda_packages ALL)
else()
  add_custom_target(lambda_packages)
endif()

# What linking with `targets` comes to, libraries of theirs included: our own as targets, others as files or flags. Those
# that Debian also has as archives, and that no shared library of the package needs, are taken as archives: less to load,
# less to pack.
function(orderflow_link_closure out_ours out_others)
  set(waiting ${ARGN})
  set(seen)
  set(ours)
  set(others)
  while(waiting)
    list(POP_FRONT waiting item)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" item "${item}")
    if(item IN_LIST seen OR item MATCHES "^\\$<" OR item STREQUAL "")
      continue()
    endif()
    list(APPEND seen "${item}")
    if(NOT TARGET ${item})
      list(APPEND others "${item}")
      continue()
    endif()
    get_target_property(aliased ${item} ALIASED_TARGET)
    if(aliased)
      list(APPEND waiting ${aliased})
      continue()
    endif()
    get_target_property(type ${item} TYPE)
    get_target_property(imported ${item} IMPORTED)
    if(imported AND NOT type STREQUAL "INTERFACE_LIBRARY")
      foreach(property IMPORTED_LOCATION IMPORTED_LOCATION_RELEASE IMPORTED_LOCATION_NONE)
        get_target_property(file ${item} ${property})
        if(file)
          break()
        endif()
      endforeach()
      string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${file}")
      if(archive MATCHES "/lib(absl_[^/]*|boost_json|protobuf|sqlite3)\\.a$" AND EXISTS "${archive}")
        set(file "${archive}")
      endif()
      list(APPEND others "${file}")
    elseif(type STREQUAL "STATIC_LIBRARY")
      list(APPEND ours ${item})
    endif()
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(links ${item} ${property})
      if(links)
        list(APPEND waiting ${links})
      endif()
    endforeach()
  endwhile()
  set(${out_ours} ${ours} PARENT_SCOPE)
  set(${out_others} ${others} PARENT_SCOPE)
endfunction()

function(orderflow_lambda_binary)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS" ${ARGN})
  # Compiled against the targets, but linked with what the closure says.
  add_library(${ARG_NAME}-main OBJECT ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME}-main PRIVATE ${ARG_DEPENDS} orderflow::warnings)
  orderflow_use_precompiled(${ARG_NAME}-main library)
  orderflow_forbid_links(${ARG_NAME}-main gRPC:: orderflow::proto_grpc)
  orderflow_link_closure(ours others ${ARG_DEPENDS})
  list(TRANSFORM ours REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE our_files)
  orderflow_binary(
    NAME ${ARG_NAME}
    SOURCES $<TARGET_OBJECTS:${ARG_NAME}-main>
    DEPENDS -Wl,--start-group ${our_files} ${others} -Wl,--end-group)
  add_dependencies(${ARG_NAME} ${ours})
  set_property(TARGET ${ARG_NAME} APPEND PROPERTY LINK_DEPENDS ${our_files})
  # The old kind of rpath also holds for the libraries of our libraries, and "$ORIGIN" would need /proc.
  target_link_options(${ARG_NAME} PRIVATE
    "LINKER:--dynamic-linker=/var/task/lib/${ORDERFLOW_LAMBDA_LOADER}"
    "LINKER:-rpath,/var/task/lib" "LINKER:--disable-new-dtags" "LINKER:--gc-sections"
    "LINKER:--as-needed" -static-libstdc++ -static-libgcc)
  set_target_properties(${ARG_NAME} PROPERTIES
    SKIP_BUILD_RPATH ON RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lambda")
endfunction()

function(orderflow_lambda_package)
  cmake_parse_arguments(ARG "" "NAME;BINARY" "FILES" ${ARGN})
  set(zip "${PROJECT_BINARY_DIR}/lambda/${ARG_NAME}.zip")
  set(script "${PROJECT_SOURCE_DIR}/lambda/package.py")
  add_custom_command(
    OUTPUT "${zip}"
    COMMAND python3 "${script}" "--compiler=${CMAKE_CXX_COMPILER}" "--strip=${CMAKE_STRIP}"
            "--readelf=${CMAKE_READELF}" "--loader=${ORDERFLOW_LAMBDA_LOADER}"
            --without=libldap-2.5.so.0 --without=liblber-2.5.so.0 --without=librtmp.so.1
            "--certificates=${ORDERFLOW_LAMBDA_CERTIFICATES}" "--output=${zip}" $<TARGET_FILE:${ARG_BINARY}> ${ARG_FILES}
    DEPENDS ${ARG_BINARY} "${script}" ${ARG_FILES}
    COMMENT "Packaging the Lambda function ${ARG_NAME}" VERBATIM)
  add_custom_target(lambda_package_${ARG_NAME} DEPENDS "${zip}")
  add_dependencies(lambda_packages lambda_package_${ARG_NAME})
endfunction()
