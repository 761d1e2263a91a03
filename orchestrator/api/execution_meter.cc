#include "orchestrator/api/execution_meter.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "orchestrator/api/order_outcome.h"

namespace orderflow::api {
namespace {

using metrics::Kind;
using order::v1::Outcome;

// What orders can end with; their order is that of order_duration_.
constexpr struct {
  Outcome outcome;
  const char* label;
} kOutcomeLabels[] = {
    {order::v1::OUTCOME_CONFIRMED, "CONFIRMED"},
    {order::v1::OUTCOME_INVENTORY_FAILED, "INVENTORY_FAILED"},
    {order::v1::OUTCOME_PAYMENT_FAILED, "PAYMENT_FAILED"},
    {order::v1::OUTCOME_FAILED, "FAILED"},
};

// By engine::AttemptEnd.
constexpr const char* kEndLabels[] = {"succeeded", "failed", "timed_out", "cancelled"};

constexpr char kOtherTasks[] = "other";

bool IsOrder(const engine::Machine& machine) { return machine.record.name == kOrderMachine; }

int64_t SecondOf(absl::Time time) { return absl::ToUnixSeconds(time); }

// A gRPC method goes without its address: replicas and environments do not matter.
const std::string& NameOf(const asl::Resource& resource) {
  return resource.type == "grpc" ? resource.action : resource.text;
}

}  // namespace

ExecutionMeter::ExecutionMeter(const Clock& clock, metrics::Registry& registry)
    : clock_(clock), registry_(registry) {
  static_assert(std::size(kOutcomeLabels) == kOutcomes && std::size(kEndLabels) == kEnds);
  ExportOrders();
}

void ExecutionMeter::ExportOrders() {
  for (int i = 0; i < kOutcomes; ++i) {
    const metrics::Labels labels = {{"outcome", kOutcomeLabels[i].label}};
    order_duration_[i] = &registry_.AddHistogram(
        "orderflow_order_duration_seconds",
        "How long orders took from their acceptance to their outcome.", labels);
    registrations_.push_back(registry_.AddCallback(
        Kind::kCounter, "orderflow_orders_total", "Orders that have their outcome, by outcome.",
        labels,
        [histogram = order_duration_[i]] { return static_cast<double>(histogram->count()); }));
  }
  registrations_.push_back(registry_.AddCallback(
      Kind::kGauge, "orderflow_orders_in_progress", "Orders without an outcome yet.", {},
      [this] { return static_cast<double>(InProgress()); }));
  registrations_.push_back(
      registry_.AddCallback(Kind::kGauge, "orderflow_orders_in_progress_oldest_age_seconds",
                            "Age of the oldest order that is in progress; 0 if there is none.", {},
                            [this] { return OldestAgeSeconds(); }));
}

void ExecutionMeter::OnAdded(const engine::Machine& machine, absl::Time start_time) {
  if (!IsOrder(machine)) return;
  MutexLock lock(orders_mutex_);
  ++orders_by_start_[SecondOf(start_time)];
  ++orders_in_progress_;
}

void ExecutionMeter::OnRemoved(const engine::Machine& machine, absl::Time start_time) {
  if (!IsOrder(machine)) return;
  MutexLock lock(orders_mutex_);
  const auto second = orders_by_start_.find(SecondOf(start_time));
  if (--second->second == 0) orders_by_start_.erase(second);
  --orders_in_progress_;
}

void ExecutionMeter::OnEnded(const engine::Machine& machine,
                             const engine::ExecutionResult& result) {
  if (!IsOrder(machine)) return;
  const Outcome outcome = OutcomeOf(result.status, result.error);
  for (int i = 0; i < kOutcomes; ++i) {
    if (kOutcomeLabels[i].outcome == outcome) {
      order_duration_[i]->Observe(result.stop_time - result.start_time);
    }
  }
}

void ExecutionMeter::OnAttempt(const asl::Resource& resource, int try_number) {
  if (try_number > 1) TaskOf(resource).retries->Add();
}

void ExecutionMeter::OnAttemptEnded(const asl::Resource& resource, engine::AttemptEnd end,
                                    absl::Duration took) {
  Task& task = TaskOf(resource);
  task.ended[static_cast<int>(end)]->Add();
  task.duration->Observe(took);
}

ExecutionMeter::Task& ExecutionMeter::TaskOf(const asl::Resource& resource) {
  MutexLock lock(tasks_mutex_);
  const auto known = tasks_.find(NameOf(resource));
  if (known != tasks_.end()) return *known->second;
  const std::string name = tasks_.size() < kMaxTasks ? NameOf(resource) : kOtherTasks;
  std::unique_ptr<Task>& task = tasks_[name];
  if (task == nullptr) task = MakeTask(name);
  return *task;
}

std::unique_ptr<ExecutionMeter::Task> ExecutionMeter::MakeTask(const std::string& name) {
  auto task = std::make_unique<Task>();
  for (int i = 0; i < kEnds; ++i) {
    task->ended[i] = &registry_.AddCounter("orderflow_task_attempts_total",
                                           "Attempts at tasks that have ended, by task and end.",
                                           {{"task", name}, {"outcome", kEndLabels[i]}});
  }
  task->retries = &registry_.AddCounter("orderflow_task_retries_total",
                                        "Attempts that followed a failed one of the same state.",
                                        {{"task", name}});
  task->duration = &registry_.AddHistogram(
      "orderflow_task_attempt_duration_seconds",
      "How long attempts at tasks took, as the engine sees it.", {{"task", name}});
  return task;
}

int64_t ExecutionMeter::InProgress() const {
  MutexLock lock(orders_mutex_);
  return orders_in_progress_;
}

double ExecutionMeter::OldestAgeSeconds() const {
  const int64_t now = SecondOf(clock_.Now());
  MutexLock lock(orders_mutex_);
  if (orders_by_start_.empty()) return 0;
  return static_cast<double>(std::max<int64_t>(now - orders_by_start_.begin()->first, 0));
}

}  // namespace orderflow::api
