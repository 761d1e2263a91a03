#include "cli/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace orderflow::cli {
namespace {

absl::Status CreateDirectory(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  }
  if (error)
    return absl::UnavailableError(
        absl::StrCat("cannot create ", path.string(), ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  const std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  ORDERFLOW_RETURN_IF_ERROR(CreateDirectory(absolute));
  const std::string lock_file = (absolute / "lock").string();
  const int lock = open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return absl::UnavailableError(
        absl::StrCat("cannot write ", lock_file, ": ", std::strerror(errno)));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return absl::UnavailableError(absl::StrCat(
        "the data directory ", absolute.string(),
        " is in use by another orderflow; stop that one or choose another with --data"));
  }
  return DataDirectory(absolute.string(), lock);
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

std::string DataDirectory::File(std::string_view name) const {
  return absl::StrCat(path_, "/", std::string(name));
}

absl::Status DataDirectory::Write(std::string_view name, std::string_view content) const {
  const std::string file = File(name);
  const std::string unfinished = file + ".new";
  std::ofstream stream(unfinished, std::ios::binary | std::ios::trunc);
  stream << content;
  stream.close();
  if (!stream || std::rename(unfinished.c_str(), file.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write ", file, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

bool DataDirectory::Has(std::string_view name) const {
  std::error_code error;
  return std::filesystem::exists(File(name), error);
}

void DataDirectory::Remove(std::string_view name) const { unlink(File(name).c_str()); }

}  // namespace orderflow::cli
