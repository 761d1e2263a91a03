#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bench/benchmark.h"
#include "common/json/value.h"

namespace orderflow::bench {

// For people: aligned lines.
std::string ReportText(const BenchmarkReport& report);
std::string MemoryText(const std::map<std::string, int64_t>& resident_bytes);
std::string WaitingText(const WaitingReport& report);

// For programs. Times in microseconds, memory in bytes.
json::Value ReportJson(const BenchmarkReport& report);
json::Value MemoryJson(const std::map<std::string, int64_t>& resident_bytes);
json::Value WaitingJson(const WaitingReport& report);

}  // namespace orderflow::bench
