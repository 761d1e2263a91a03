#include "bench/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace orderflow::bench {

absl::StatusOr<ProcessUsage> ReadProcessUsage(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The second field is the command in parentheses and may itself hold blanks and parentheses.
  const size_t after_command = text.rfind(')');
  if (after_command == std::string::npos)
    return absl::NotFoundError(absl::StrCat("no process ", pid));
  std::istringstream fields(text.substr(after_command + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  for (int field = 16; field < 24; ++field) fields >> skipped;
  int64_t resident_pages = 0;
  if (!(fields >> resident_pages))
    return absl::NotFoundError(absl::StrCat("cannot read /proc/", pid, "/stat"));

  ProcessUsage usage;
  usage.cpu = absl::Seconds(user_ticks + system_ticks) / sysconf(_SC_CLK_TCK);
  usage.resident_bytes = resident_pages * sysconf(_SC_PAGESIZE);
  return usage;
}

ProcessUsage SumUsage(const std::vector<pid_t>& pids) {
  ProcessUsage sum;
  for (const pid_t pid : pids) {
    const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(pid);
    if (!usage.ok()) continue;
    sum.cpu += usage->cpu;
    sum.resident_bytes += usage->resident_bytes;
  }
  return sum;
}

}  // namespace orderflow::bench
