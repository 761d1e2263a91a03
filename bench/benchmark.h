#pragma once

// The benchmark: how many orders a second go through the orchestrator, next to the floor of
// hand-written code that calls the same four RPCs of the same running servers, and what both cost.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/closed_loop.h"
#include "bench/workloads.h"

namespace orderflow::bench {

// The servers that are measured.
struct ServersUnderTest {
  ServerAddresses addresses;
  // Name and process of each, for CPU time and memory; may be empty where they are not known.
  std::map<std::string, pid_t> processes;
};

struct BenchmarkOptions {
  std::vector<int> in_flight = {1, 64, 256};
  absl::Duration phase = absl::Seconds(4);  // of one phase; floor and orchestrated phases alternate
  int rounds = 3;                           // pairs of phases at each number in flight
  ConnectionOptions connection;
  std::string run_id;  // makes the order ids of this run unlike those of any other
};

// What one way of carrying out orders did at one number in flight, over all rounds.
struct Measurement {
  LoadResult load;
  absl::Duration server_cpu;  // of all servers together
  absl::Duration client_cpu;  // of this process

  absl::Duration ServerCpuPerOrder() const;
  absl::Duration ClientCpuPerOrder() const;
  void Add(Measurement other);
};

struct Level {
  int in_flight = 0;
  Measurement floor;
  Measurement orchestrated;
  // Orders a second, orchestrated / floor: the share of hand-written code's throughput that is
  // left.
  double Ratio() const;
};

struct BenchmarkReport {
  std::vector<Level> levels;
  std::map<std::string, int64_t> resident_bytes;  // of each process, after the load

  bool HasFailures() const;
};

// Sets the stock high, warms up, measures. Blocks for about levels x rounds x 2 x phase. `progress`
// gets a line before each phase. UNAVAILABLE and the like: a server cannot be reached; the message
// says which.
absl::StatusOr<BenchmarkReport> RunBenchmark(
    const ServersUnderTest& servers, const BenchmarkOptions& options,
    const std::function<void(const std::string&)>& progress);

// What an execution that only waits costs the orchestrator.
struct WaitingReport {
  int64_t executions = 0;
  int64_t bytes_before = 0;
  int64_t bytes_after = 0;
  double BytesPerExecution() const;
};

// Starts `executions` of a state machine that waits for a day and looks at the orchestrator's
// memory before and after. The executions are left waiting: for servers that are thrown away
// afterwards.
absl::StatusOr<WaitingReport> MeasureWaiting(const ServersUnderTest& servers, int64_t executions,
                                             const BenchmarkOptions& options);

}  // namespace orderflow::bench
