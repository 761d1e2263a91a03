#include "orchestrator/engine/simulation.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "orchestrator/engine/arn.h"

namespace orderflow::engine {
namespace {

int64_t Setting(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoll(value);
}

}  // namespace

Simulation::Simulation(uint64_t seed, Settings settings)
    : world_(clock_, seed),
      process_(clock_, seed ^ 0x9e3779b97f4a7c15),
      settings_(std::move(settings)),
      machine_(settings_.machine),
      store_(process_) {}

void Simulation::Boot() {
  Options options;
  options.shards = 2;
  options.recovery_page = settings_.recovery_page;
  options.token_key = settings_.token_key;
  options.missing_activities = settings_.missing_activities;
  engine_ = std::make_unique<EngineImpl>(
      options, store_, services(), clock_,
      [this](int64_t, Callback<MachinePtr> done) { std::move(done)(machine_); });
  engine_->Recover([](absl::Status status) { EXPECT_TRUE(status.ok()) << status; });
}

void Simulation::Crash() {
  ++crashes_;
  process_.DropAll();
  engine_.reset();
  Boot();
  OnRestart();
}

void Simulation::PlanCrashes(int64_t at_most, absl::Duration within) {
  for (int64_t i = world_.Pick(0, at_most); i > 0; --i)
    world_.After({absl::ZeroDuration(), within}, [this] { Crash(); });
}

void Simulation::PlanOutage(absl::Duration within) {
  world_.After({absl::ZeroDuration(), within}, [this] {
    store_.SetOutage(true);
    world_.After({absl::ZeroDuration(), absl::Seconds(2)}, [this] { store_.SetOutage(false); });
  });
}

void Simulation::RunUntilDone() {
  for (int64_t step = 0; !Done(); ++step) {
    ASSERT_LT(step, 1'000'000) << "an execution is stuck";
    ASSERT_NO_FATAL_FAILURE(Step());
  }
  engine_.reset();
}

void Simulation::Step() {
  absl::Time due = absl::InfiniteFuture();
  for (const auto& shard : engine_->shards()) due = std::min(due, shard->NextDue().value_or(due));
  EventQueue& next = world_.NextTime() < process_.NextTime() ? world_ : process_;
  ASSERT_LT(std::min(due, next.NextTime()), absl::InfiniteFuture()) << "nothing will ever happen";
  const bool happened = next.RunNext(std::max(due, clock_.Now()));
  const bool more_to_come = std::min(world_.NextTime(), process_.NextTime()) < due;
  if (settings_.late == 0 || !happened || !more_to_come) return RunShards();
  for (const auto& shard : engine_->shards()) {
    if (shard->inbox().size() > 3 || !world_.Chance(settings_.late)) shard->RunOnce(clock_.Now());
  }
}

// What one shard says to another is heard at once.
void Simulation::RunShards() {
  bool heard = true;
  while (std::exchange(heard, false)) {
    for (const auto& shard : engine_->shards()) shard->RunOnce(clock_.Now());
    for (const auto& shard : engine_->shards()) heard = heard || shard->inbox().size() > 0;
  }
}

void Simulation::StartLater(const std::string& name, const json::Value& input) {
  world_.After({absl::ZeroDuration(), absl::Milliseconds(100)}, [this, name, input] {
    StartRequest request;
    request.machine = machine_;
    request.name = name;
    request.parsed_input = input;
    request.input = json::Serialize(input);
    engine_->Start(std::move(request), [this, name, input](absl::StatusOr<StartResult> started) {
      if (!started.ok() && absl::IsUnavailable(started.status())) StartLater(name, input);
    });
  });
}

std::string Simulation::ArnOf(const std::string& name) const {
  return ExecutionArn(machine_->record.arn, name);
}

bool Simulation::AllEnded() const {
  return std::all_of(store_.rows().begin(), store_.rows().end(), [](const auto& entry) {
    return entry.second.record.status != store::ExecutionStatus::kRunning;
  });
}

SimulationPlan::SimulationPlan(int64_t usual) {
  const int64_t only = Setting("ORDERFLOW_SIMULATION_SEED", -1);
  is_whole = only < 0;
  first = is_whole ? 0 : only;
  count = is_whole ? Setting("ORDERFLOW_SIMULATIONS", usual) : 1;
}

void RunSimulations(int64_t usual, double crashes_each,
                    const std::function<int(uint64_t seed)>& run) {
  const SimulationPlan plan(usual);
  int crashes = 0;
  for (int64_t seed = plan.first; seed < plan.first + plan.count; ++seed) {
    SCOPED_TRACE(absl::StrCat("ORDERFLOW_SIMULATION_SEED=", seed));
    crashes += run(static_cast<uint64_t>(seed));
    if (::testing::Test::HasFailure()) return;
  }
  if (plan.is_whole) {
    EXPECT_GT(crashes, crashes_each * static_cast<double>(plan.count))
        << "the simulation is too kind to prove anything";
  }
}

}  // namespace orderflow::engine
