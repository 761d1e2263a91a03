# Tests write_version.cmake:
#
#   cmake -Dscript=write_version.cmake -Dtemplate=version.cc.in -Ddirectory=SCRATCH -P write_version_test.cmake

file(REMOVE_RECURSE "${directory}")
file(MAKE_DIRECTORY "${directory}/tree")

# Writes version.cc for a tree that is no checkout and answers how that went.
function(write revision result)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -Dversion=1.2.3 "-Drevision=${revision}" "-Dcompiler=GNU 1" -Dbuild_type=Release
            "-Dsource=${directory}/tree" "-Dtemplate=${template}" "-Doutput=${directory}/version.cc" -P "${script}"
    RESULT_VARIABLE status
    OUTPUT_QUIET ERROR_QUIET)
  set(${result} "${status}" PARENT_SCOPE)
endfunction()

function(expect_text text)
  file(READ "${directory}/version.cc" written)
  string(FIND "${written}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "no ${text} in:\n${written}")
  endif()
endfunction()

write("0123456789ab" status)
expect_text("Number() { return \"1.2.3\"; }")
expect_text("Revision() { return \"0123456789ab\"; }")
expect_text("Compiler() { return \"GNU 1\"; }")

write("" status)
expect_text("Revision() { return \"unknown\"; }")

foreach(bad "a\"b" "two words")
  write("${bad}" status)
  if(status EQUAL 0)
    message(FATAL_ERROR "the revision '${bad}' was taken")
  endif()
endforeach()

# A checkout without a commit has no revision either.
execute_process(COMMAND git init --quiet "${directory}/tree" RESULT_VARIABLE status)
if(status EQUAL 0)
  write("" status)
  expect_text("Revision() { return \"unknown\"; }")
endif()
