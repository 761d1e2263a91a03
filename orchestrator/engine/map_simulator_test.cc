// Distributed Maps in virtual time: the process dies at random moments, the disk fails, parents are
// stopped; each item is one child execution, and no child outlives its parent's wish.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/simulation.h"
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

class MapSimulation final : public Simulation {
 public:
  explicit MapSimulation(uint64_t seed)
      : Simulation(seed, {.machine = TestMachine(kEachTwice, "map")}),
        services_(
            process_, store_, machine_,
            [](const tasks::TaskCall& call) -> tasks::TaskOutcome { return call.input; },
            /*trouble=*/0.2) {}

  void Run() {
    Boot();
    OnRestart();
    PlanCrashes(5, absl::Seconds(6));
    if (world_.Chance(0.3)) PlanOutage(absl::Seconds(2));
    if (world_.Chance(0.3)) {
      world_.After({absl::ZeroDuration(), absl::Seconds(5)}, [this] { Stop("a"); });
    }
    ASSERT_NO_FATAL_FAILURE(RunUntilDone());
    for (const char* name : {"a", "b"}) CheckParent(name);
  }

 private:
  tasks::TaskRunner& services() override { return services_; }

  void OnRestart() override {
    for (const char* name : {"a", "b"}) {
      json::Array items;
      for (int i = 0; i < kItems; ++i) items.push_back(json::Value(absl::StrCat(name, i)));
      StartLater(name, json::Value::FromArray(std::move(items)));
    }
    if (stopping_) Stop("a");
  }

  void Stop(const std::string& name) {
    stopping_ = true;
    engine_->Stop(ArnOf(name), std::nullopt, std::nullopt, [](absl::StatusOr<absl::Time>) {});
  }

  bool Done() const override {
    return store_.Find(ArnOf("a")) != nullptr && store_.Find(ArnOf("b")) != nullptr && AllEnded();
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

  SimulatedServices services_;
  bool stopping_ = false;
};

TEST(MapSimulatorTest, EachItemIsOneExecutionWhateverHappens) {
  RunSimulations(150, /*crashes_each=*/1, [](uint64_t seed) {
    MapSimulation simulation(seed);
    simulation.Run();
    return simulation.crashes();
  });
}

}  // namespace
}  // namespace orderflow::engine
