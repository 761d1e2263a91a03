#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::bench {

// What a process has used so far, as /proc tells it. CPU time comes in ticks of 10 ms.
struct ProcessUsage {
  absl::Duration cpu;  // user and system time of all its threads
  int64_t resident_bytes = 0;
};

// NOT_FOUND: no such process.
absl::StatusOr<ProcessUsage> ReadProcessUsage(pid_t pid);

// The sum over processes; those that are gone count nothing.
ProcessUsage SumUsage(const std::vector<pid_t>& pids);

}  // namespace orderflow::bench
