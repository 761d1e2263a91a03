#include "common/settings/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace orderflow::settings {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

std::string SystemError() { return std::strerror(errno); }

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": ", SystemError()));
  }
  // Asked of the open file, so that it is the one that is read.
  struct stat info;
  std::string text(kMaxBytes + 1, '\0');
  const bool known = fstat(file, &info) == 0;
  const ssize_t size = known ? read(file, text.data(), text.size()) : -1;
  const std::string error = size < 0 ? SystemError() : "";
  close(file);
  if (size < 0) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": ", error));
  if ((info.st_mode & (S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds secrets, but others than its owner can ",
                     (info.st_mode & S_IROTH) != 0 ? "read" : "change", " it: chmod 600 ", path));
  }
  if (static_cast<size_t>(size) > kMaxBytes)
    return absl::InvalidArgumentError(absl::StrCat(path, " has more than ", kMaxBytes, " bytes"));
  text.resize(static_cast<size_t>(size));
  return text;
}

}  // namespace orderflow::settings
