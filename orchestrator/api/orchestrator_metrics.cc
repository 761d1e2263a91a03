#include "orchestrator/api/orchestrator_metrics.h"

#include <utility>

#include "common/metrics/database_metrics.h"

namespace orderflow::api {
namespace {

using metrics::Kind;

struct FromEngine {
  Kind kind;
  const char* name;
  const char* help;
  metrics::Labels labels;
  int64_t engine::Engine::Statistics::*field;
};

std::vector<FromEngine> EngineMetrics() {
  using Statistics = engine::Engine::Statistics;
  static constexpr char kEnded[] = "orderflow_executions_ended_total";
  static constexpr char kEndedHelp[] = "Executions that ended, by status.";
  return {
      {Kind::kGauge,
       "orderflow_executions_running",
       "Executions at work or waiting.",
       {},
       &Statistics::running},
      {Kind::kCounter,
       "orderflow_executions_started_total",
       "Executions started.",
       {},
       &Statistics::started},
      {Kind::kCounter, kEnded, kEndedHelp, {{"status", "SUCCEEDED"}}, &Statistics::succeeded},
      {Kind::kCounter, kEnded, kEndedHelp, {{"status", "FAILED"}}, &Statistics::failed},
      {Kind::kCounter, kEnded, kEndedHelp, {{"status", "TIMED_OUT"}}, &Statistics::timed_out},
      {Kind::kCounter, kEnded, kEndedHelp, {{"status", "ABORTED"}}, &Statistics::aborted},
      {Kind::kCounter,
       "orderflow_executions_lost_total",
       "Executions let go of, since another orchestrator has them.",
       {},
       &Statistics::lost},
      {Kind::kGauge,
       "orderflow_engine_queued_inputs",
       "Inputs that wait for their shard.",
       {},
       &Statistics::queued_inputs},
      {Kind::kGauge,
       "orderflow_tasks_open",
       "Task attempts under way.",
       {},
       &Statistics::open_tasks},
      {Kind::kGauge, "orderflow_timers_open", "Timers that are set.", {}, &Statistics::open_timers},
      {Kind::kCounter,
       "orderflow_journal_batches_total",
       "Batches that shards brought to the journal.",
       {},
       &Statistics::batches},
      {Kind::kCounter,
       "orderflow_journal_records_total",
       "Inputs in those batches.",
       {},
       &Statistics::records},
      {Kind::kGauge,
       "orderflow_journal_failing_batches",
       "Batches that the journal refused and that are tried again.",
       {},
       &Statistics::failing_batches},
  };
}

}  // namespace

std::vector<metrics::Registration> ExportMetrics(const engine::Engine& engine,
                                                 const store::SqlExecutionStore& store) {
  std::vector<metrics::Registration> registrations;
  for (const FromEngine& exported : EngineMetrics()) {
    registrations.push_back(
        metrics::Default().AddCallback(exported.kind, exported.name, exported.help, exported.labels,
                                       [&engine, field = exported.field] {
                                         return static_cast<double>(engine.statistics().*field);
                                       }));
  }
  for (auto& registration :
       metrics::ExportStatistics([&store] { return store.statistics(); }, "orchestrator")) {
    registrations.push_back(std::move(registration));
  }
  return registrations;
}

}  // namespace orderflow::api
