# Writes version.cc at each build, and only if it changes: a new commit compiles one file and links the programs.
#
#   cmake -Dversion=0.1.0 -Drevision= -Dcompiler="GNU 12.2.0" -Dbuild_type=Release
#         -Dsource=DIRECTORY -Dtemplate=version.cc.in -Doutput=version.cc -P write_version.cmake
#
# An empty `revision` stands for the commit that is checked out in `source`; "unknown" where that is no checkout.

if(revision STREQUAL "" AND EXISTS "${source}/.git")
  execute_process(
    COMMAND git rev-parse --short=12 HEAD
    WORKING_DIRECTORY "${source}"
    OUTPUT_VARIABLE revision
    OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE failed
    ERROR_QUIET)
  if(failed)
    set(revision "")
  endif()
endif()
if(revision STREQUAL "")
  set(revision unknown)
endif()
if(NOT revision MATCHES "^[0-9A-Za-z._+-]+$")
  message(FATAL_ERROR "ORDERFLOW_REVISION is '${revision}'; letters, digits and . _ + - are allowed")
endif()
configure_file("${template}" "${output}" @ONLY)
