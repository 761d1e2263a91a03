#include "orchestrator/tasks/definition_check.h"

#include <map>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/tasks/message_types.h"
#include "orderflow/inventory/v1/inventory.pb.h"

namespace orderflow::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

// Answers questions for types when the test says so.
class AskedRunner final : public TaskRunner {
 public:
  std::unique_ptr<RunningTask> Run(TaskCall, TaskDone) override { return nullptr; }
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }
  void FindTypes(std::string_view resource, TypesDone done) override {
    asked.emplace(resource, std::move(done));
  }

  std::map<std::string, TypesDone, std::less<>> asked;
};

std::shared_ptr<const asl::StateMachine> Parse(std::string_view definition) {
  asl::ParsedDefinition parsed = asl::ParseStateMachine(definition, {});
  EXPECT_NE(parsed.machine, nullptr) << asl::FormatDiagnostics(parsed.diagnostics);
  return parsed.machine;
}

constexpr char kTwoTasks[] = R"({"StartAt": "A", "States": {
  "A": {"Type": "Task", "Resource": "x:1", "Parameters": {"ordr_id": "1"}, "Next": "B"},
  "B": {"Type": "Task", "Resource": "x:2", "End": true}}})";

TEST(DefinitionCheckTest, AllResourcesAreAskedAtOnceAndTheLastAnswerEndsIt) {
  static_cast<void>(inventory::v1::CheckInventoryRequest::descriptor());
  AskedRunner runner;
  std::optional<std::vector<asl::Diagnostic>> found;
  CheckTypes(Parse(kTwoTasks), runner,
             [&](std::vector<asl::Diagnostic> all) { found = std::move(all); });
  ASSERT_THAT(runner.asked, SizeIs(2));
  std::move(runner.asked["x:2"])(absl::UnavailableError("asleep"));
  EXPECT_FALSE(found.has_value());
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "orderflow.inventory.v1.InventoryService");
  std::thread answer([&] {
    std::move(runner.asked["x:1"])(
        std::make_optional(DescribeMethod(*service->FindMethodByName("CheckInventory"), nullptr)));
  });
  answer.join();
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ElementsAre(Field(&asl::Diagnostic::code, "UNKNOWN_PARAMETER"),
                                  Field(&asl::Diagnostic::code, "TASK_TYPES_UNKNOWN")));
}

TEST(DefinitionCheckTest, WhatHasNoTasksNeedsNoAnswer) {
  AskedRunner runner;
  bool done = false;
  CheckTypes(Parse(R"({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})"), runner,
             [&](const std::vector<asl::Diagnostic>& found) { done = found.empty(); });
  EXPECT_TRUE(done);
}

TEST(DefinitionCheckTest, NoMoreThanTwoHundredResourcesAreAskedAbout) {
  std::string definition = R"({"StartAt": "S0", "States": {)";
  for (int i = 0; i < 250; ++i) {
    definition += "\"S" + std::to_string(i) + R"(": {"Type": "Task", "Resource": "x:)" +
                  std::to_string(i) + R"(", "Next": "S)" + std::to_string(i + 1) + "\"},";
  }
  definition += R"("S250": {"Type": "Succeed"}}})";
  AskedRunner runner;
  std::vector<asl::Diagnostic> found;
  CheckTypes(Parse(definition), runner, [&](std::vector<asl::Diagnostic> all) { found = all; });
  EXPECT_THAT(runner.asked, SizeIs(200));
  for (auto& [resource, done] : runner.asked)
    std::move(done)(std::optional<typecheck::TaskTypes>());
  EXPECT_THAT(found, SizeIs(1)) << "which says so";
}

}  // namespace
}  // namespace orderflow::tasks
