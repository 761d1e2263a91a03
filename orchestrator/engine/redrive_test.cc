// Redrives by hand: the rules, and a shard whose journal is the test.

#include "orchestrator/engine/redrive.h"

#include <map>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/execution_record.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;
using ::testing::Optional;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

store::ExecutionRecord Ended(ExecutionStatus status) {
  store::ExecutionRecord record;
  record.status = status;
  record.start_time = kNow - absl::Hours(2);
  record.stop_time = kNow - absl::Hours(1);
  record.events = 10;
  return record;
}

std::string Why(const store::ExecutionRecord& record) {
  return std::string(WhyNotRedrivable(record, kNow, {}).value_or(""));
}

TEST(RedriveRulesTest, WhatHasEndedWithoutSuccessIsRedrivable) {
  for (const ExecutionStatus status :
       {ExecutionStatus::kFailed, ExecutionStatus::kTimedOut, ExecutionStatus::kAborted})
    EXPECT_EQ(Why(Ended(status)), "");
  EXPECT_EQ(Why(Ended(ExecutionStatus::kRunning)), "Execution is RUNNING and cannot be redriven");
  EXPECT_EQ(Why(Ended(ExecutionStatus::kSucceeded)),
            "Execution is SUCCEEDED and cannot be redriven");
}

TEST(RedriveRulesTest, EventsAndTimeHaveTheirLimits) {
  store::ExecutionRecord record = Ended(ExecutionStatus::kFailed);
  record.events = 24'998;
  EXPECT_EQ(Why(record), "");
  record.events = 24'999;
  EXPECT_EQ(Why(record), "Execution history event limit exceeded");
  record = Ended(ExecutionStatus::kFailed);
  record.stop_time = kNow - absl::Hours(14 * 24) - absl::Seconds(1);
  record.start_time = *record.stop_time;
  EXPECT_EQ(Why(record), "Execution redrivable period exceeded");
  record = Ended(ExecutionStatus::kFailed);
  record.start_time = kNow - absl::Hours(366 * 24);
  EXPECT_EQ(Why(record), "Execution has exceeded the max execution time");
  record = Ended(ExecutionStatus::kFailed);
  record.machine_deleted = true;
  EXPECT_EQ(Why(record), "State machine is in DELETING status");
}

TEST(RedriveRulesTest, ARedrivenNestedExecutionIsNobodysChildAndStillItsAttempt) {
  store::ExecutionRecord record;
  EXPECT_EQ(OriginOnceRedriven(record), "");
  record.origin = "parent/3/1";
  EXPECT_EQ(OriginOnceRedriven(record), "parent/3/1/detached");
  EXPECT_THAT(WaitingParentOf(record), Optional(std::string("parent")));
  EXPECT_TRUE(IsTryOfSameTask(record, "parent/3/2"));
  EXPECT_FALSE(IsTryOfSameTask(record, "parent/4/1"));
  record.origin = OriginOnceRedriven(record);
  EXPECT_EQ(WaitingParentOf(record), std::nullopt);
  EXPECT_TRUE(IsAttempt(record, "parent/3/1"));
  EXPECT_FALSE(IsAttempt(record, "parent/3/2"));
  EXPECT_FALSE(IsAttempt(record, ""));
  EXPECT_EQ(OriginOnceRedriven(record), "");
}

}  // namespace
}  // namespace orderflow::engine
