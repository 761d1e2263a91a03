// Redrives in virtual time: services are broken and come back, executions fail, are stopped and
// time out, an operator redrives them, twice at times, and the process dies at random moments in
// between. In the end everything has succeeded, with each task done once and each redrive made
// once.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/redrive.h"
#include "orchestrator/engine/simulation.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;

constexpr int kItems = 4;
// A task, branches, iterations and child executions; whatever fails ends the execution.
constexpr char kAllKinds[] = R"({"StartAt": "First", "TimeoutSeconds": 30, "States": {
  "First": {"Type": "Task", "Resource": "${Work}", "TimeoutSeconds": 1, "Next": "Both"},
  "Both": {"Type": "Parallel", "Next": "Last", "Branches": [
    {"StartAt": "Inline", "States": {"Inline": {"Type": "Map", "MaxConcurrency": 2,
      "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Task",
        "Resource": "${Work}", "TimeoutSeconds": 1, "End": true}}}, "End": true}}},
    {"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 3, "Label": "each",
      "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Child", "States": {"Child": {"Type": "Task", "Resource": "${Work}",
          "TimeoutSeconds": 1, "End": true}}}, "End": true}}}]},
  "Last": {"Type": "Task", "Resource": "${Work}", "TimeoutSeconds": 1, "End": true}}})";

class RedriveSimulation final : public Simulation {
 public:
  explicit RedriveSimulation(uint64_t seed)
      : Simulation(seed, {.machine = TestMachine(kAllKinds, "redrive")}),
        services_(
            process_, store_, machine_,
            [this](const tasks::TaskCall& call) { return Answer(call); }, /*trouble=*/0.1),
        mended_(clock_.Now() + absl::Milliseconds(world_.Pick(0, 5000))) {}

  void Run() {
    Boot();
    OnRestart();
    PlanCrashes(8, absl::Seconds(8));
    if (world_.Chance(0.3)) PlanOutage(absl::Seconds(5));
    for (int64_t i = world_.Pick(0, 3); i > 0; --i)
      world_.After({absl::ZeroDuration(), absl::Seconds(4)}, [this] { UpdateMapRuns(); });
    for (const char* name : kNames) {
      OperateLater(name);
      if (world_.Chance(0.3)) {
        world_.After({absl::ZeroDuration(), absl::Seconds(3)}, [this, name] {
          engine_->Stop(ArnOf(name), "Stopped", {}, [](absl::StatusOr<absl::Time>) {});
        });
      }
    }
    ASSERT_NO_FATAL_FAILURE(RunUntilDone());
    for (const char* name : kNames) CheckExecution(name);
    for (const auto& [key, row] : store_.rows()) CheckRow(row);
    for (const auto& [key, what] : services_.keys())
      EXPECT_FALSE(std::holds_alternative<asl::Failure>(what.answer)) << key << " was not done";
  }

 private:
  static constexpr const char* kNames[] = {"a", "b"};

  tasks::TaskRunner& services() override { return services_; }
  void OnRestart() override {
    for (const char* name : kNames) {
      json::Array items;
      for (int i = 0; i < kItems; ++i) items.push_back(json::Value(absl::StrCat(name, i)));
      StartLater(name, json::Value::FromArray(std::move(items)));
    }
  }
  bool Done() const override {
    for (const char* name : kNames) {
      const SimulatedStore::Row* row = store_.Find(ArnOf(name));
      if (row == nullptr || row->record.status != ExecutionStatus::kSucceeded) return false;
    }
    return AllEnded();
  }

  tasks::TaskOutcome Answer(const tasks::TaskCall& call) {
    if (clock_.Now() < mended_ && world_.Chance(0.3)) return asl::Failure{"Broken", "for now"};
    return call.input;
  }

  // Somebody looks after the execution every now and then.
  void OperateLater(const std::string& name) {
    world_.After({absl::Milliseconds(50), absl::Milliseconds(800)}, [this, name] {
      const SimulatedStore::Row* row = store_.Find(ArnOf(name));
      if (row != nullptr && row->record.status != ExecutionStatus::kRunning &&
          row->record.status != ExecutionStatus::kSucceeded) {
        // One token for one end, however often the call is made.
        const std::string token = absl::StrCat("redrive-", row->record.redrives);
        Redrive(name, token);
        // Again, at once and much later, as one does whose answer was lost.
        if (world_.Chance(0.3)) Redrive(name, token);
        world_.After({absl::ZeroDuration(), absl::Seconds(4)},
                     [this, name, token] { Redrive(name, token); });
        if (world_.Chance(0.1)) Redrive(name, token + "-of-somebody-else");
      }
      OperateLater(name);
    });
  }

  void Redrive(const std::string& name, const std::string& token) {
    engine_->Redrive(ArnOf(name), token, [this, name, token](absl::StatusOr<absl::Time> at) {
      if (!at.ok()) {
        EXPECT_TRUE(absl::IsUnavailable(at.status()) || absl::IsFailedPrecondition(at.status()))
            << at.status();
        return;
      }
      EXPECT_EQ(RedrivesWith(name, token, *at), 1) << "told before it was durable";
      EXPECT_EQ(told_.try_emplace(name + token, *at).first->second, *at) << "another answer";
    });
  }

  void UpdateMapRuns() {
    for (const auto& [key, row] : store_.rows()) {
      const std::optional<std::string> parent = WaitingParentOf(row.record);
      if (!parent) continue;
      asl::MapRunUpdated update{.map_run_arn = row.record.map_run_arn};
      update.max_concurrency = world_.Pick(1, kItems);
      engine_->UpdateMapRun(*parent, std::move(update), [](absl::Status status) {
        EXPECT_TRUE(status.ok() || absl::IsNotFound(status) || absl::IsUnavailable(status) ||
                    absl::IsFailedPrecondition(status))
            << status;
      });
    }
  }

  // How many redrives are on record with the token, at that time.
  int RedrivesWith(const std::string& name, const std::string& token, absl::Time at) const {
    int found = 0;
    for (const store::JournalRecord& record : store_.Find(ArnOf(name))->journal) {
      if (record.kind != store::JournalRecord::Kind::kRedriven || record.at != at) continue;
      const absl::StatusOr<asl::Input> input = DecodeRecord(record);
      if (input.ok() && std::get<asl::Redriven>(input->what).token == token) ++found;
    }
    return found;
  }

  void CheckExecution(const std::string& name) {
    const store::ExecutionRecord& parent = store_.Find(ArnOf(name))->record;
    const json::Value items = *json::Parse(parent.input).value;
    EXPECT_EQ(*json::Parse(parent.output.value_or("null")).value, json::Value::List({items, items}))
        << "each task answers its input";
    std::multiset<std::string> inputs;
    for (const auto& [key, row] : store_.rows()) {
      if (WaitingParentOf(row.record) == parent.arn) inputs.insert(row.record.input);
    }
    EXPECT_EQ(inputs.size(), static_cast<size_t>(kItems)) << "one child for each item";
    EXPECT_EQ(std::set<std::string>(inputs.begin(), inputs.end()).size(), inputs.size());
    redrives_ += parent.redrives;
  }

  void CheckRow(const SimulatedStore::Row& row) {
    EXPECT_EQ(row.record.status, ExecutionStatus::kSucceeded) << row.record.arn;
    std::set<std::string> tokens;
    int64_t redrives = 0;
    for (const store::JournalRecord& record : row.journal) {
      if (record.kind != store::JournalRecord::Kind::kRedriven) continue;
      ++redrives;
      const absl::StatusOr<asl::Input> input = DecodeRecord(record);
      ASSERT_TRUE(input.ok());
      const auto& redriven = std::get<asl::Redriven>(input->what);
      const std::string whose = redriven.token.empty() ? redriven.origin : redriven.token;
      EXPECT_TRUE(tokens.insert(whose).second) << row.record.arn << " redriven twice: " << whose;
    }
    EXPECT_EQ(row.record.redrives, redrives);
    if (!row.record.map_run_arn.empty()) child_redrives_ += redrives;
  }

 public:
  int64_t redrives() const { return redrives_; }
  int64_t child_redrives() const { return child_redrives_; }

 private:
  SimulatedServices services_;
  const absl::Time mended_;
  int64_t redrives_ = 0;
  int64_t child_redrives_ = 0;
  std::map<std::string, absl::Time> told_;  // by execution and token
};

TEST(RedriveSimulatorTest, WhatIsRedrivenGoesOnOnceWhateverHappens) {
  int64_t redrives = 0;
  int64_t child_redrives = 0;
  RunSimulations(150, /*crashes_each=*/1, [&](uint64_t seed) {
    RedriveSimulation simulation(seed);
    simulation.Run();
    redrives += simulation.redrives();
    child_redrives += simulation.child_redrives();
    return simulation.crashes();
  });
  if (const SimulationPlan plan(150); plan.is_whole) {
    EXPECT_GT(redrives, plan.count) << "the services are too good to prove anything";
    EXPECT_GT(child_redrives, plan.count);
  }
  RecordProperty("redrives", static_cast<int>(redrives));
  RecordProperty("child_redrives", static_cast<int>(child_redrives));
}

}  // namespace
}  // namespace orderflow::engine
