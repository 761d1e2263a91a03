#include "common/database/sqlite_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace orderflow::database {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(std::string_view what, const fs::path& path) {
  return absl::UnavailableError(
      absl::StrCat(std::string(what), " ", path.string(), ": ", std::strerror(errno)));
}

absl::Status SyncDirectory(const fs::path& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("cannot open the directory", directory);
  const int result = fsync(fd);
  const absl::Status status =
      result == 0 ? absl::OkStatus() : Failed("cannot sync the directory", directory);
  close(fd);
  return status;
}

absl::Status CreateDirectory(const fs::path& directory) {
  if (directory.empty() || fs::exists(directory)) return absl::OkStatus();
  ORDERFLOW_RETURN_IF_ERROR(CreateDirectory(directory.parent_path()));
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Failed("cannot create the directory", directory);
  }
  return SyncDirectory(directory.parent_path());
}

}  // namespace

absl::Status CreateDatabaseFile(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (error)
    return absl::UnavailableError(absl::StrCat("cannot find ", path, ": ", error.message()));
  ORDERFLOW_RETURN_IF_ERROR(CreateDirectory(absolute.parent_path()));
  // Never opened if it exists: closing a file drops all locks that this process (SQLite) has on it.
  const int fd = open(absolute.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno == EEXIST ? absl::OkStatus() : Failed("cannot create the database", absolute);
  close(fd);
  return SyncDirectory(absolute.parent_path());
}

}  // namespace orderflow::database
