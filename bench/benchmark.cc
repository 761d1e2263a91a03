#include "bench/benchmark.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/preparation.h"
#include "bench/process_usage.h"
#include "common/base/status.h"

namespace orderflow::bench {
namespace {

constexpr absl::Duration kWarmUp = absl::Seconds(1);
constexpr char kWaitingDefinition[] =
    R"({"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":86400,"End":true}}})";

std::vector<pid_t> ProcessIds(const ServersUnderTest& servers) {
  std::vector<pid_t> pids;
  for (const auto& [name, pid] : servers.processes) pids.push_back(pid);
  return pids;
}

// Runs the phases of both ways against the same servers.
class Runner {
 public:
  Runner(const ServersUnderTest& servers, const BenchmarkOptions& options)
      : options_(options),
        pids_(ProcessIds(servers)),
        floor_(NewDirectCalls(servers.addresses, OrderTemplate(), options.connection)),
        orchestrated_(
            NewPlaceOrder(servers.addresses.orchestrator, OrderTemplate(), options.connection)) {}

  Measurement RunFloor(int in_flight, absl::Duration length) {
    return RunPhase(*floor_, in_flight, length);
  }
  Measurement RunOrchestrated(int in_flight, absl::Duration length) {
    return RunPhase(*orchestrated_, in_flight, length);
  }

 private:
  Measurement RunPhase(Workload& workload, int in_flight, absl::Duration length) {
    LoadOptions load;
    load.in_flight = in_flight;
    load.length = length;
    load.id_prefix = absl::StrCat("b", options_.run_id, "-", ++phases_, "-");
    const ProcessUsage servers_before = SumUsage(pids_);
    const ProcessUsage client_before = SumUsage({getpid()});
    Measurement measured;
    measured.load = RunClosedLoop(workload, load);
    measured.server_cpu = SumUsage(pids_).cpu - servers_before.cpu;
    measured.client_cpu = SumUsage({getpid()}).cpu - client_before.cpu;
    return measured;
  }

  const BenchmarkOptions& options_;
  const std::vector<pid_t> pids_;
  const std::unique_ptr<Workload> floor_;
  const std::unique_ptr<Workload> orchestrated_;
  int phases_ = 0;
};

absl::Duration PerOrder(absl::Duration cpu, int64_t orders) {
  return orders > 0 ? cpu / orders : absl::ZeroDuration();
}

// Connections are made and both ways are known to work before anything is measured.
absl::Status WarmUp(Runner& runner, int in_flight) {
  const Measurement floor = runner.RunFloor(in_flight, kWarmUp);
  if (!floor.load.first_failure.ok()) return floor.load.first_failure;
  return runner.RunOrchestrated(in_flight, kWarmUp).load.first_failure;
}

}  // namespace

absl::Duration Measurement::ServerCpuPerOrder() const {
  return PerOrder(server_cpu, load.succeeded);
}
absl::Duration Measurement::ClientCpuPerOrder() const {
  return PerOrder(client_cpu, load.succeeded);
}

void Measurement::Add(Measurement other) {
  load.Merge(std::move(other.load));
  server_cpu += other.server_cpu;
  client_cpu += other.client_cpu;
}

double Level::Ratio() const {
  const double of_floor = floor.load.OrdersPerSecond();
  return of_floor > 0 ? orchestrated.load.OrdersPerSecond() / of_floor : 0;
}

bool BenchmarkReport::HasFailures() const {
  for (const Level& level : levels) {
    if (level.floor.load.failed > 0 || level.orchestrated.load.failed > 0) return true;
  }
  return false;
}

double WaitingReport::BytesPerExecution() const {
  return executions > 0
             ? static_cast<double>(bytes_after - bytes_before) / static_cast<double>(executions)
             : 0;
}

absl::StatusOr<BenchmarkReport> RunBenchmark(
    const ServersUnderTest& servers, const BenchmarkOptions& options,
    const std::function<void(const std::string&)>& progress) {
  ORDERFLOW_RETURN_IF_ERROR(FillStock(servers.addresses.inventory, OrderTemplate().product_id));
  Runner runner(servers, options);
  BenchmarkReport report;
  for (const int in_flight : options.in_flight) {
    progress(absl::StrCat("warming up at ", in_flight, " in flight"));
    ORDERFLOW_RETURN_IF_ERROR(WarmUp(runner, in_flight));
    Level level;
    level.in_flight = in_flight;
    for (int round = 1; round <= options.rounds; ++round) {
      progress(absl::StrCat(in_flight, " in flight, round ", round, " of ", options.rounds));
      level.floor.Add(runner.RunFloor(in_flight, options.phase));
      level.orchestrated.Add(runner.RunOrchestrated(in_flight, options.phase));
    }
    report.levels.push_back(std::move(level));
  }
  for (const auto& [name, pid] : servers.processes) {
    const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(pid);
    if (usage.ok()) report.resident_bytes[name] = usage->resident_bytes;
  }
  return report;
}

absl::StatusOr<WaitingReport> MeasureWaiting(const ServersUnderTest& servers, int64_t executions,
                                             const BenchmarkOptions& options) {
  const auto orchestrator = servers.processes.find("orchestrator");
  if (orchestrator == servers.processes.end()) {
    return absl::InvalidArgumentError(
        "the orchestrator's process must be known to measure its memory; see --pid");
  }
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::string arn,
      CreateStateMachine(servers.addresses.orchestrator, "bench-waiting", kWaitingDefinition));
  const std::unique_ptr<Workload> start = NewStartExecution(
      servers.addresses.orchestrator, arn, R"({"order_id":"12345"})", options.connection);
  LoadOptions load;
  load.in_flight = 64;
  load.length = absl::InfiniteDuration();

  // What the first starts cost once (connections, caches, arenas) is not the cost of an execution.
  load.max_orders = 1000;
  load.id_prefix = absl::StrCat("w", options.run_id, "-first-");
  ORDERFLOW_RETURN_IF_ERROR(RunClosedLoop(*start, load).first_failure);

  WaitingReport report;
  ORDERFLOW_ASSIGN_OR_RETURN(const ProcessUsage before, ReadProcessUsage(orchestrator->second));
  load.max_orders = executions;
  load.id_prefix = absl::StrCat("w", options.run_id, "-");
  const LoadResult result = RunClosedLoop(*start, load);
  ORDERFLOW_RETURN_IF_ERROR(result.first_failure);
  ORDERFLOW_ASSIGN_OR_RETURN(const ProcessUsage after, ReadProcessUsage(orchestrator->second));
  report.executions = result.succeeded;
  report.bytes_before = before.resident_bytes;
  report.bytes_after = after.resident_bytes;
  return report;
}

}  // namespace orderflow::bench
