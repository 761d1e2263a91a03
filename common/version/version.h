#pragma once

// Which Orderflow this is. The one source of it is project(... VERSION) in the top CMakeLists.txt,
// with the revision that the build found or was given (ORDERFLOW_REVISION); --version, the metric
// orderflow_build_info and the images' labels all show the same.
//
// Only version.cc, which is generated, changes from commit to commit: nothing that includes this is
// compiled again. Thread-safe; the texts live as long as the process.

#include <string>
#include <string_view>

namespace orderflow::version {

std::string_view Number();     // "0.1.0"
std::string_view Revision();   // the commit, "2853376d1f3e"; "unknown" if the build had no checkout
std::string_view Compiler();   // "GNU 12.2.0"
std::string_view BuildType();  // "Release"

// "orderflow-receive 0.1.0 (revision 2853376d1f3e, GNU 12.2.0, Release)": what --version prints.
std::string Line(std::string_view program);

}  // namespace orderflow::version
