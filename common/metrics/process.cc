#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "absl/time/clock.h"
#include "common/logging/logging.h"
#include "common/metrics/metrics.h"
#include "common/version/version.h"

namespace orderflow::metrics {
namespace {

double ResidentBytes() {
  long pages = 0;
  long resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double OpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++count;
  }
  return count;
}

void Forever(Kind kind, std::string_view name, std::string_view help, const Labels& labels,
             std::function<double()> read) {
  static auto* const kept = new std::vector<Registration>();
  kept->push_back(Default().AddCallback(kind, name, help, labels, std::move(read)));
}

}  // namespace

void RegisterProcess(std::string_view service) {
  Forever(Kind::kGauge, "orderflow_build_info", "Always 1; the labels say what runs.",
          {{"service", std::string(service)},
           {"version", std::string(version::Number())},
           {"revision", std::string(version::Revision())},
           {"compiler", std::string(version::Compiler())},
           {"build_type", std::string(version::BuildType())}},
          [] { return 1.0; });
  Forever(Kind::kGauge, "process_resident_memory_bytes", "Memory in RAM.", {}, ResidentBytes);
  Forever(Kind::kCounter, "process_cpu_seconds_total", "CPU time used, user and system.", {},
          CpuSeconds);
  Forever(Kind::kGauge, "process_open_fds", "Open file descriptors.", {}, OpenFiles);
  Forever(Kind::kGauge, "process_start_time_seconds", "When the process started, since the epoch.",
          {}, [start = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch())] { return start; });
  Forever(Kind::kCounter, "orderflow_log_lines_dropped_total",
          "Log lines lost because the queue was full.", {},
          [] { return static_cast<double>(logging::DroppedLines()); });
}

}  // namespace orderflow::metrics
