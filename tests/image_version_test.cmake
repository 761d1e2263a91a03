# The version is stated in CMakeLists.txt; what names the images must agree.
#   cmake -DSOURCE=<root of the tree> -DVERSION=<version> -P image_version_test.cmake

foreach(file Dockerfile docker-compose.yml)
  file(READ "${SOURCE}/${file}" text)
  if(file STREQUAL "Dockerfile")
    string(REGEX MATCHALL "ARG VERSION=[^\n]*" stated "${text}")
    set(expected "ARG VERSION=${VERSION}")
  else()
    string(REGEX MATCHALL "ORDERFLOW_VERSION:-[^}]*" stated "${text}")
    set(expected "ORDERFLOW_VERSION:-${VERSION}")
  endif()
  list(REMOVE_DUPLICATES stated)
  if(NOT stated STREQUAL expected)
    message(FATAL_ERROR "${file} says '${stated}', but the version is ${VERSION}")
  endif()
endforeach()
