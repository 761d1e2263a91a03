#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::bench {

// A child process whose output goes to a file. Asked to end, and waited for, by the destructor.
// One thread only. Movable.
class ChildProcess {
 public:
  // Starts `arguments[0]` with standard output and errors into `log_file`. UNAVAILABLE: it cannot
  // be started.
  static absl::StatusOr<ChildProcess> Start(const std::vector<std::string>& arguments,
                                            const std::string& log_file);
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  // False once it has ended by itself.
  bool IsRunning();
  // SIGTERM, then waits for its end; SIGKILL after `patience`.
  void Stop(absl::Duration patience = absl::Seconds(20));

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;  // -1: ended
};

}  // namespace orderflow::bench
