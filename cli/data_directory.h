#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace orderflow::cli {

// The directory that one `orderflow up` keeps its data in. Held by at most one process at a time:
// two orchestrators over the same journal would both carry out its orders. The lock goes with the
// process, however it ends.
//
// Thread-compatible. Movable.
class DataDirectory {
 public:
  // Creates the directory, readable for its owner only, if it is missing. UNAVAILABLE: it cannot be
  // created or written, or another process has it; the message is one line.
  static absl::StatusOr<DataDirectory> Open(const std::string& path);
  ~DataDirectory();
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;

  // Absolute.
  const std::string& path() const { return path_; }
  std::string File(std::string_view name) const;

  // Writes a file as a whole: a reader sees the old content or the new one.
  absl::Status Write(std::string_view name, std::string_view content) const;
  bool Has(std::string_view name) const;
  void Remove(std::string_view name) const;

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_ = -1;
};

}  // namespace orderflow::cli
