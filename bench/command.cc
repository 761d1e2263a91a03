#include "bench/command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/benchmark.h"
#include "bench/process_usage.h"
#include "bench/report.h"
#include "bench/server_processes.h"
#include "common/base/status.h"

namespace orderflow::bench {
namespace {

// How long servers are left alone before their idle memory counts.
constexpr absl::Duration kIdleTime = absl::Seconds(5);

absl::StatusOr<std::map<std::string, pid_t>> ParseProcesses(
    const std::vector<std::string>& entries) {
  std::map<std::string, pid_t> processes;
  for (const std::string& entry : entries) {
    const size_t equals = entry.find('=');
    pid_t pid = 0;
    const char* end = entry.data() + entry.size();
    if (equals == std::string::npos ||
        std::from_chars(entry.data() + equals + 1, end, pid).ptr != end || pid <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--pid ", entry, ": expected NAME=PID, such as orchestrator=4711"));
    }
    processes[entry.substr(0, equals)] = pid;
  }
  return processes;
}

std::map<std::string, int64_t> IdleMemory(const ServersUnderTest& servers) {
  absl::SleepFor(kIdleTime);
  std::map<std::string, int64_t> resident;
  for (const auto& [name, pid] : servers.processes) {
    const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(pid);
    if (usage.ok()) resident[name] = usage->resident_bytes;
  }
  return resident;
}

void Print(const CommandFlags& flags, const json::Value& as_json, const std::string& as_text,
           std::ostream& out) {
  if (flags.json) {
    out << json::SerializePretty(as_json) << "\n";
  } else {
    out << as_text;
  }
  out.flush();
}

absl::StatusOr<bool> Measure(const CommandFlags& flags, const ServersUnderTest& servers,
                             std::ostream& out, std::ostream& err) {
  BenchmarkOptions options;
  options.in_flight = flags.in_flight;
  options.phase = absl::Seconds(flags.phase_seconds);
  options.rounds = flags.rounds;
  options.connection.channels = flags.channels;
  options.run_id = absl::StrCat(absl::ToUnixMillis(absl::Now()));
  if (flags.idle) {
    const std::map<std::string, int64_t> resident = IdleMemory(servers);
    Print(flags, json::Value::Object({{"idle_resident_bytes", MemoryJson(resident)}}),
          MemoryText(resident), out);
    return true;
  }
  if (flags.waiting > 0) {
    ORDERFLOW_ASSIGN_OR_RETURN(const WaitingReport report,
                               MeasureWaiting(servers, flags.waiting, options));
    Print(flags, WaitingJson(report), WaitingText(report), out);
    return true;
  }
  const auto progress = [&err](const std::string& line) { err << line << std::endl; };
  ORDERFLOW_ASSIGN_OR_RETURN(const BenchmarkReport report,
                             RunBenchmark(servers, options, progress));
  Print(flags, ReportJson(report), ReportText(report), out);
  return !report.HasFailures();
}

}  // namespace

void AddFlags(CLI::App& command, CommandFlags& flags) {
  command.add_option("--start", flags.start,
                     "Start the five servers from this directory of binaries, with SQLite in a "
                     "temporary directory, instead "
                     "of using running ones");
  command
      .add_option("--receive-address", flags.servers.receive, "Where the receive service listens")
      ->capture_default_str();
  command
      .add_option("--payment-address", flags.servers.payment, "Where the payment service listens")
      ->capture_default_str();
  command.add_option("--email-address", flags.servers.email, "Where the email service listens")
      ->capture_default_str();
  command.add_option(
      "--pid", flags.processes,
      "NAME=PID of a running server whose CPU time and memory to measure; may be repeated");
  command.add_option("--in-flight", flags.in_flight, "Orders in flight; one level each")
      ->delimiter(',')
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--seconds", flags.phase_seconds, "Length of a phase")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command
      .add_option("--rounds", flags.rounds,
                  "Pairs of phases at each level, floor and orchestrated in turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--channels", flags.channels, "Connections to each server")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_flag("--idle", flags.idle, "Only show the memory of servers that do nothing");
  command
      .add_option("--waiting", flags.waiting,
                  "Only measure what so many waiting executions cost the orchestrator")
      ->check(CLI::Range(1, 10'000'000));
  command.footer(
      "Examples:\n"
      "  orderflow bench --start build/release/bin\n"
      "  orderflow bench --start build/release/bin --in-flight 256 --seconds 10 --json\n"
      "  orderflow bench --start build/release/bin --idle\n"
      "  orderflow bench --start build/release/bin --waiting 100000");
}

absl::StatusOr<bool> RunCommand(const CommandFlags& flags, std::ostream& out, std::ostream& err) {
  if (!flags.start.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::unique_ptr<ServerProcesses> started,
                               ServerProcesses::Start(flags.start));
    return Measure(flags, started->servers(), out, err);
  }
  ServersUnderTest servers;
  servers.addresses = flags.servers;
  ORDERFLOW_ASSIGN_OR_RETURN(servers.processes, ParseProcesses(flags.processes));
  return Measure(flags, servers, out, err);
}

}  // namespace orderflow::bench
