#include "orchestrator/engine/execution_log.h"

#include "gtest/gtest.h"

namespace orderflow::engine {
namespace {

asl::HistoryEvent AFailure() {
  return {7,
          6,
          absl::FromUnixMillis(1'700'000'000'123),
          "TaskFailed",
          "taskFailedEventDetails",
          json::Value::Object({{"error", "E"}, {"cause", "it says 4711"}, {"resource", "r"}})};
}

TEST(ExecutionLogTest, LevelsSelectEventsAsStepFunctionsDoes) {
  struct Case {
    const char* type;
    bool error, fatal;
  };
  for (const Case& c :
       {Case{"TaskStateEntered", false, false}, Case{"TaskSucceeded", false, false},
        Case{"TaskFailed", true, false}, Case{"TaskTimedOut", true, false},
        Case{"FailStateEntered", true, false}, Case{"WaitStateAborted", true, false},
        Case{"ExecutionStarted", false, false}, Case{"ExecutionSucceeded", false, false},
        Case{"ExecutionFailed", true, true}, Case{"ExecutionTimedOut", true, true},
        Case{"ExecutionAborted", true, true}}) {
    EXPECT_TRUE(IsLogged(LogLevel::kAll, c.type)) << c.type;
    EXPECT_EQ(IsLogged(LogLevel::kError, c.type), c.error) << c.type;
    EXPECT_EQ(IsLogged(LogLevel::kFatal, c.type), c.fatal) << c.type;
    EXPECT_FALSE(IsLogged(LogLevel::kOff, c.type)) << c.type;
  }
}

TEST(ExecutionLogTest, ALineHasTheFormOfCloudWatch) {
  EXPECT_EQ(
      ExecutionLogLine("arn:x", AFailure(), true, 2),
      R"({"id":"7","type":"TaskFailed","details":{"error":"E","cause":"it says 4711","resource":"r"},)"
      R"("previous_event_id":"6","event_timestamp":"1700000000123","execution_arn":"arn:x","redrive_count":"2"})");
}

TEST(ExecutionLogTest, WithoutExecutionDataNothingThatWasSaidIsShown) {
  const std::string line = ExecutionLogLine("arn:x", AFailure(), false, 0);
  EXPECT_EQ(line.find("4711"), std::string::npos);
  EXPECT_NE(line.find(R"("error":"E")"), std::string::npos);
}

}  // namespace
}  // namespace orderflow::engine
