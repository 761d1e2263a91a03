#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bench/benchmark.h"

namespace orderflow::bench {

// The five servers as processes of their own: SQLite in a temporary directory, ports chosen by the
// system. They end, and the directory is removed, with this object.
class ServerProcesses {
 public:
  // Starts orderflow-receive, -inventory, -payment, -email and orderflow-orchestrator from a
  // directory and waits until they listen. UNAVAILABLE: one does not start; the message holds the
  // last line it printed.
  static absl::StatusOr<std::unique_ptr<ServerProcesses>> Start(const std::string& binaries);
  ~ServerProcesses();
  ServerProcesses(const ServerProcesses&) = delete;
  ServerProcesses& operator=(const ServerProcesses&) = delete;

  const ServersUnderTest& servers() const;

 private:
  class Impl;
  explicit ServerProcesses(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::bench
