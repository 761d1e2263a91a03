#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/workloads.h"

namespace CLI {
class App;
}

namespace orderflow::bench {

// What `orderflow bench` and `orderflow-bench` take.
struct CommandFlags {
  std::string start;  // directory of our binaries: start the five servers from there; empty: use
                      // running ones
  ServerAddresses servers = {.orchestrator = "localhost:50050",
                             .receive = "localhost:50051",
                             .inventory = "localhost:50052",
                             .payment = "localhost:50053",
                             .email = "localhost:50054"};
  std::vector<std::string> processes;  // NAME=PID of running servers
  std::vector<int> in_flight = {1, 64, 256};
  double phase_seconds = 4;
  int rounds = 3;
  int channels = 2;
  bool idle = false;    // only look at the memory of servers that do nothing
  int64_t waiting = 0;  // only measure what so many waiting executions cost
  bool json = false;
};

// Adds the flags but those for orchestrator and inventory, which the CLI has already, and --json.
void AddFlags(CLI::App& command, CommandFlags& flags);

// Measures and prints; lines about progress go to `err`. Answers whether every order went as it
// should.
absl::StatusOr<bool> RunCommand(const CommandFlags& flags, std::ostream& out, std::ostream& err);

}  // namespace orderflow::bench
