#include "cli/read_file.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace orderflow::cli {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace orderflow::cli
