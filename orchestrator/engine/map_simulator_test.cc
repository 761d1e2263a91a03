// Distributed Maps in virtual time: the process dies at random moments, the disk fails, parents are
// stopped; each item is one child execution, and no child outlives its parent's wish.

#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/arn.h"
#include "orchestrator/engine/engine_impl.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/simulated_world.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;

constexpr int kItems = 7;
constexpr char kEachTwice[] = R"({"StartAt": "Each", "States": {"Each": {"Type": "Map",
    "MaxConcurrency": 3, "Label": "each",
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
      "StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "${Work}",
        "TimeoutSeconds": 2,
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 5}],
        "Next": "Rest"}, "Rest": {"Type": "Wait", "Seconds": 1, "End": true}}},
    "End": true}}})";

class MapSimulation {
 public:
  explicit MapSimulation(uint64_t seed)
      : world_(clock_, seed),
        process_(clock_, seed ^ 0x9e3779b97f4a7c15),
        machine_(TestMachine(kEachTwice, "map")),
        store_(process_),
        services_(
            process_, store_, machine_,
            [](const tasks::TaskCall& call) -> tasks::TaskOutcome { return call.input; },
            /*trouble=*/0.2) {}

  void Run() {
    Boot();
    for (const char* name : {"a", "b"}) StartLater(name);
    for (int64_t i = world_.Pick(0, 5); i > 0; --i)
      world_.After({absl::ZeroDuration(), absl::Seconds(6)}, [this] { Crash(); });
    if (world_.Chance(0.3)) {
      world_.After({absl::ZeroDuration(), absl::Seconds(2)}, [this] {
        store_.SetOutage(true);
        world_.After({absl::ZeroDuration(), absl::Seconds(2)}, [this] { store_.SetOutage(false); });
      });
    }
    if (world_.Chance(0.3)) {
      world_.After({absl::ZeroDuration(), absl::Seconds(5)}, [this] { Stop("a"); });
    }
    for (int64_t step = 0; !Done(); ++step) {
      ASSERT_LT(step, 1'000'000) << "an execution is stuck";
      ASSERT_NO_FATAL_FAILURE(Step());
    }
    for (const char* name : {"a", "b"}) CheckParent(name);
  }

  int crashes() const { return crashes_; }

 private:
  void Boot() {
    Options options;
    options.shards = 2;
    options.recovery_page = 3;
    engine_ = std::make_unique<EngineImpl>(
        options, store_, services_, clock_,
        [this](int64_t, Callback<MachinePtr> done) { std::move(done)(machine_); });
    engine_->Recover([](absl::Status status) { EXPECT_TRUE(status.ok()) << status; });
  }

  void Crash() {
    ++crashes_;
    process_.DropAll();
    engine_.reset();
    Boot();
    for (const char* name : {"a", "b"}) StartLater(name);
    if (stopping_) Stop("a");
  }

  void StartLater(const std::string& name) {
    world_.After({absl::ZeroDuration(), absl::Milliseconds(100)}, [this, name] {
      StartRequest request;
      request.machine = machine_;
      request.name = name;
      json::Array items;
      for (int i = 0; i < kItems; ++i) items.push_back(json::Value(absl::StrCat(name, i)));
      request.parsed_input = json::Value::FromArray(std::move(items));
      request.input = json::Serialize(request.parsed_input);
      engine_->Start(std::move(request), [this, name](absl::StatusOr<StartResult> started) {
        if (!started.ok() && absl::IsUnavailable(started.status())) StartLater(name);
      });
    });
  }

  void Stop(const std::string& name) {
    stopping_ = true;
    engine_->Stop(ArnOf(name), std::nullopt, std::nullopt, [](absl::StatusOr<absl::Time>) {});
  }

  std::string ArnOf(const std::string& name) const {
    return ExecutionArn(machine_->record.arn, name);
  }

  void Step() {
    absl::Time due = absl::InfiniteFuture();
    for (const auto& shard : engine_->shards()) due = std::min(due, shard->NextDue().value_or(due));
    EventQueue& next = world_.NextTime() < process_.NextTime() ? world_ : process_;
    ASSERT_LT(std::min(due, next.NextTime()), absl::InfiniteFuture()) << "nothing will ever happen";
    next.RunNext(std::max(due, clock_.Now()));
    // What one shard says to another is heard at once.
    bool heard = true;
    while (std::exchange(heard, false)) {
      for (const auto& shard : engine_->shards()) shard->RunOnce(clock_.Now());
      for (const auto& shard : engine_->shards()) heard = heard || shard->inbox().size() > 0;
    }
  }

  bool Done() const {
    for (const char* name : {"a", "b"}) {
      if (store_.Find(ArnOf(name)) == nullptr) return false;
    }
    for (const auto& [key, row] : store_.rows()) {
      if (row.record.status == ExecutionStatus::kRunning) return false;
    }
    return true;
  }

  void CheckParent(const std::string& name) {
    const store::ExecutionRecord& parent = store_.Find(ArnOf(name))->record;
    std::multiset<std::string> inputs;
    for (const auto& [key, row] : store_.rows()) {
      if (WaitingFor(row.record) != parent.arn) continue;
      inputs.insert(row.record.input);
      EXPECT_EQ(row.record.items, 1);
      EXPECT_EQ(row.record.map_state, "Each");
    }
    EXPECT_EQ(std::set<std::string>(inputs.begin(), inputs.end()).size(), inputs.size())
        << "an item that was two executions";
    if (parent.status == ExecutionStatus::kAborted) {
      EXPECT_TRUE(stopping_);
      return;
    }
    EXPECT_EQ(parent.status, ExecutionStatus::kSucceeded) << parent.cause.value_or("");
    EXPECT_EQ(inputs.size(), static_cast<size_t>(kItems));
    EXPECT_EQ(parent.output, parent.input) << "each child answers its item";
  }

  static std::string WaitingFor(const store::ExecutionRecord& record) {
    return WaitingParentOf(record).value_or("");
  }

  FakeClock clock_;
  EventQueue world_;    // outlives the process
  EventQueue process_;  // dies with it
  const MachinePtr machine_;
  SimulatedStore store_;
  SimulatedServices services_;
  std::unique_ptr<EngineImpl> engine_;
  bool stopping_ = false;
  int crashes_ = 0;
};

int64_t Setting(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoll(value);
}

TEST(MapSimulatorTest, EachItemIsOneExecutionWhateverHappens) {
  const int64_t only = Setting("ORDERFLOW_SIMULATION_SEED", -1);
  const int64_t count = only >= 0 ? 1 : Setting("ORDERFLOW_SIMULATIONS", 150);
  int crashes = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t seed = only >= 0 ? only : i;
    SCOPED_TRACE(absl::StrCat("ORDERFLOW_SIMULATION_SEED=", seed));
    MapSimulation simulation(seed);
    simulation.Run();
    crashes += simulation.crashes();
    if (::testing::Test::HasFailure()) break;
  }
  if (only < 0) {
    EXPECT_GT(crashes, count) << "the simulation is too kind to prove anything";
  }
}

}  // namespace
}  // namespace orderflow::engine
