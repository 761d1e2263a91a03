// Tasks that are answered by whoever has their token, in virtual time: the process dies at random
// moments, holders answer early, late and twice, and none of what was acknowledged is lost.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/resource.h"
#include "orchestrator/engine/simulation.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;

// Asks twice: somebody with a token, then a worker of an activity. A lost request is asked again.
constexpr char kAskTwice[] = R"({"StartAt": "First", "States": {
    "First": {"Type": "Task", "Resource": "grpc://ask:1/shop.Stock/Order.waitForTaskToken",
      "TimeoutSeconds": 20, "HeartbeatSeconds": 10,
      "Parameters": {"name.$": "$.name", "token.$": "$$.Task.Token"},
      "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 20}],
      "ResultPath": "$.first", "Next": "Second"},
    "Second": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000000:activity:second",
      "TimeoutSeconds": 20,
      "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 20}],
      "End": true}}})";

// Accepts every request after a while, even one whose caller does not wait any more.
class Service final : public tasks::TaskRunner {
 public:
  using OnAsked = std::function<void(const tasks::TaskCall& call)>;
  Service(EventQueue& events, OnAsked on_asked) : events_(events), on_asked_(std::move(on_asked)) {}

  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone done) override {
    struct Handle final : tasks::RunningTask {
      void Cancel() override {}
    };
    on_asked_(call);
    if (asl::ParseResource(call.resource).is_activity) return std::make_unique<Handle>();
    events_.After({absl::Microseconds(100), absl::Milliseconds(300)},
                  [done = std::move(done)]() mutable {
                    std::move(done)(json::Value::Object({{"accepted", true}}));
                  });
    return std::make_unique<Handle>();
  }
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }

 private:
  EventQueue& events_;
  const OnAsked on_asked_;
};

class CallbackSimulation final : public Simulation {
 public:
  explicit CallbackSimulation(uint64_t seed)
      : Simulation(seed, {.machine = MakeMachine(), .recovery_page = 2, .token_key = "secret"}),
        service_(process_, [this](const tasks::TaskCall& call) { OnAsked(call); }) {}

  void Run() {
    Boot();
    OnRestart();
    PlanCrashes(4, absl::Seconds(3));
    ASSERT_NO_FATAL_FAILURE(RunUntilDone());
    for (const auto& [key, row] : store_.rows()) {
      EXPECT_EQ(row.record.status, ExecutionStatus::kSucceeded) << row.record.arn;
      ASSERT_TRUE(row.record.output.has_value());
      const auto told = told_.find(Parse(*row.record.output).AsString());
      ASSERT_NE(told, told_.end()) << "an output that nobody gave";
    }
    for (const auto& [token, output] : told_) {
      if (acknowledged_.contains(token)) ExpectOnRecord(output);
    }
  }

 private:
  static MachinePtr MakeMachine() {
    auto machine = std::make_shared<Machine>(*TestMachine(kAskTwice, "ask"));
    machine->token_key = "secret";
    return machine;
  }
  static json::Value Parse(const std::string& text) {
    return json::Parse(text).value.value_or(json::Value());
  }

  tasks::TaskRunner& services() override { return service_; }

  void OnRestart() override {
    for (int i = 0; i < 6; ++i)
      StartLater(absl::StrCat(i), json::Value::Object({{"name", absl::StrCat(i)}}));
  }

  // The service takes the request, and its customer answers some time later: at times never, or
  // twice.
  void OnAsked(const tasks::TaskCall& call) {
    const std::string& token = call.task_token;
    const std::string output = absl::StrCat(call.idempotency_key, " try ", call.try_number);
    told_[output] = token;
    if (asl::ParseResource(call.resource).is_activity) {
      EXPECT_FALSE(taken_.contains(token)) << "a worker has it already";
      return TakeLater(token, output);
    }
    EXPECT_EQ(call.input.Find("token")->AsString(), token);
    if (world_.Chance(0.9)) AnswerLater(token, output, /*patience=*/20);
    if (world_.Chance(0.2)) AnswerLater(token, output, 20);
  }

  // A worker takes the task, and answers when it is on record that it has it.
  void TakeLater(const std::string& token, const std::string& output) {
    world_.After({absl::Milliseconds(1), absl::Milliseconds(200)}, [=, this] {
      engine_->Signal(token, asl::TaskStarted{0, "worker"}, [=, this](absl::Status status) {
        if (absl::IsUnavailable(status)) return TakeLater(token, output);
        if (!status.ok()) return;
        EXPECT_TRUE(taken_.insert(token).second) << "two workers have one task";
        if (world_.Chance(0.9)) AnswerLater(token, output, /*patience=*/20);
      });
    });
  }

  void AnswerLater(const std::string& token, const std::string& output, int patience) {
    if (patience == 0) return;
    world_.After({absl::Milliseconds(1), absl::Milliseconds(400)}, [=, this] {
      if (world_.Chance(0.3)) engine_->Signal(token, asl::Heartbeat{}, [](absl::Status) {});
      engine_->Signal(token, asl::TaskSucceeded{0, json::Value(output)},
                      [=, this](absl::Status status) {
                        if (status.ok()) return OnAcknowledged(token, output);
                        if (absl::IsUnavailable(status)) AnswerLater(token, output, patience - 1);
                      });
      // No answer from a process that dies: the customer tries again.
      if (world_.Chance(0.5)) AnswerLater(token, output, patience - 1);
    });
  }

  void OnAcknowledged(const std::string& token, const std::string& output) {
    EXPECT_TRUE(acknowledged_.emplace(token, output).second) << "a token was good twice";
    ExpectOnRecord(output);
  }

  void ExpectOnRecord(const std::string& output) const {
    const std::string text = json::Serialize(json::Value(output));
    for (const auto& [key, row] : store_.rows()) {
      for (const store::JournalRecord& record : row.journal) {
        if (record.kind == store::JournalRecord::Kind::kTaskSucceeded && record.payload == text)
          return;
      }
    }
    ADD_FAILURE() << "acknowledged before it was durable: " << output;
  }

  bool Done() const override { return store_.rows().size() == 6 && AllEnded(); }

  Service service_;
  std::map<std::string, std::string> told_;          // token by output
  std::map<std::string, std::string> acknowledged_;  // output by token
  std::set<std::string> taken_;                      // tokens that a worker has
};

TEST(CallbackSimulatorTest, WhatAHolderOfATokenWasToldIsTrueWhateverHappens) {
  RunSimulations(200, /*crashes_each=*/0.5, [](uint64_t seed) {
    CallbackSimulation simulation(seed);
    simulation.Run();
    return simulation.crashes();
  });
}

}  // namespace
}  // namespace orderflow::engine
