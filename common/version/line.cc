#include <sstream>

#include "common/version/version.h"

namespace orderflow::version {

std::string Line(std::string_view program) {
  std::ostringstream line;
  line << program << ' ' << Number() << " (revision " << Revision() << ", " << Compiler() << ", "
       << BuildType() << ')';
  return line.str();
}

}  // namespace orderflow::version
