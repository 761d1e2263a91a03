#include "orchestrator/api/execution_meter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/order_outcome.h"

namespace orderflow::api {
namespace {

using store::ExecutionStatus;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecutionMeterTest : public ::testing::Test {
 protected:
  ExecutionMeterTest() : meter_(clock_, registry_) { orders_.record.name = kOrderMachine; }

  void End(ExecutionStatus status, std::optional<std::string> error, absl::Duration took) {
    engine::ExecutionResult result;
    result.status = status;
    result.error = std::move(error);
    result.start_time = clock_.Now();
    result.stop_time = clock_.Now() + took;
    meter_.OnEnded(orders_, result);
  }
  std::string Text() const { return registry_.Text(); }

  FakeClock clock_;
  metrics::Registry registry_;
  engine::Machine orders_;
  engine::Machine other_machine_;
  ExecutionMeter meter_;
};

TEST_F(ExecutionMeterTest, EveryOutcomeIsThereFromTheStart) {
  for (const char* outcome : {"CONFIRMED", "INVENTORY_FAILED", "PAYMENT_FAILED", "FAILED"}) {
    EXPECT_THAT(Text(),
                HasSubstr("orderflow_orders_total{outcome=\"" + std::string(outcome) + "\"} 0\n"));
  }
}

TEST_F(ExecutionMeterTest, OrdersAreCountedByTheOutcomeThatTheirErrorStandsFor) {
  End(ExecutionStatus::kSucceeded, std::nullopt, absl::Milliseconds(20));
  End(ExecutionStatus::kFailed, "InventoryFailed", absl::Milliseconds(20));
  End(ExecutionStatus::kFailed, "PaymentFailed", absl::Milliseconds(20));
  End(ExecutionStatus::kFailed, "States.Runtime", absl::Milliseconds(20));
  End(ExecutionStatus::kAborted, "InventoryFailed", absl::Milliseconds(20));
  EXPECT_THAT(Text(), AllOf(HasSubstr("orderflow_orders_total{outcome=\"CONFIRMED\"} 1\n"),
                            HasSubstr("orderflow_orders_total{outcome=\"INVENTORY_FAILED\"} 1\n"),
                            HasSubstr("orderflow_orders_total{outcome=\"PAYMENT_FAILED\"} 1\n"),
                            HasSubstr("orderflow_orders_total{outcome=\"FAILED\"} 2\n"),
                            HasSubstr("orderflow_order_duration_seconds_bucket{outcome=\"FAILED\","
                                      "le=\"0.01\"} 0\n"),
                            HasSubstr("orderflow_order_duration_seconds_bucket{outcome=\"FAILED\","
                                      "le=\"0.025\"} 2\n")));
}

TEST_F(ExecutionMeterTest, TheOldestOrderInProgressSaysItsAge) {
  const absl::Time first = clock_.Now();
  meter_.OnAdded(orders_, first);
  clock_.Advance(absl::Seconds(10));
  const absl::Time second = clock_.Now();
  meter_.OnAdded(orders_, second);
  meter_.OnAdded(orders_, second);
  clock_.Advance(absl::Seconds(5));
  EXPECT_THAT(Text(), AllOf(HasSubstr("orderflow_orders_in_progress 3\n"),
                            HasSubstr("orderflow_orders_in_progress_oldest_age_seconds 15\n")));
  meter_.OnRemoved(orders_, first);
  meter_.OnRemoved(orders_, second);
  EXPECT_THAT(Text(), AllOf(HasSubstr("orderflow_orders_in_progress 1\n"),
                            HasSubstr("orderflow_orders_in_progress_oldest_age_seconds 5\n")));
  meter_.OnRemoved(orders_, second);
  EXPECT_THAT(Text(), AllOf(HasSubstr("orderflow_orders_in_progress 0\n"),
                            HasSubstr("orderflow_orders_in_progress_oldest_age_seconds 0\n")));
}

TEST_F(ExecutionMeterTest, OtherMachinesAreNoOrders) {
  meter_.OnAdded(other_machine_, clock_.Now());
  meter_.OnEnded(other_machine_, engine::ExecutionResult{});
  EXPECT_THAT(Text(), AllOf(HasSubstr("orderflow_orders_in_progress 0\n"),
                            HasSubstr("orderflow_orders_total{outcome=\"CONFIRMED\"} 0\n")));
  meter_.OnRemoved(other_machine_, clock_.Now());
  EXPECT_THAT(Text(), HasSubstr("orderflow_orders_in_progress 0\n"));
}

TEST_F(ExecutionMeterTest, AttemptsAreCountedByTaskAndEnd) {
  const asl::Resource here = asl::ParseResource("grpc://a:1/shop.v1.Stock/Check");
  const asl::Resource there = asl::ParseResource("grpc://b:2/shop.v1.Stock/Check");
  meter_.OnAttempt(here, 1);
  meter_.OnAttemptEnded(here, engine::AttemptEnd::kFailed, absl::Milliseconds(3));
  meter_.OnAttempt(there, 2);
  meter_.OnAttemptEnded(there, engine::AttemptEnd::kSucceeded, absl::Milliseconds(3));
  const std::string task = "{task=\"shop.v1.Stock/Check\"";
  EXPECT_THAT(
      Text(),
      AllOf(HasSubstr("orderflow_task_attempts_total" + task + ",outcome=\"failed\"} 1\n"),
            HasSubstr("orderflow_task_attempts_total" + task + ",outcome=\"succeeded\"} 1\n"),
            HasSubstr("orderflow_task_attempts_total" + task + ",outcome=\"timed_out\"} 0\n"),
            HasSubstr("orderflow_task_retries_total" + task + "} 1\n"),
            HasSubstr("orderflow_task_attempt_duration_seconds_count" + task + "} 2\n")));
}

TEST_F(ExecutionMeterTest, TasksBeyondTheBoundShareASeries) {
  for (size_t i = 0; i < ExecutionMeter::kMaxTasks + 5; ++i) {
    const asl::Resource resource = asl::ParseResource("grpc://a:1/s.S/M" + std::to_string(i));
    meter_.OnAttemptEnded(resource, engine::AttemptEnd::kSucceeded, absl::Milliseconds(1));
  }
  EXPECT_THAT(
      Text(),
      AllOf(HasSubstr("orderflow_task_attempts_total{task=\"s.S/M99\",outcome=\"succeeded\"} 1\n"),
            HasSubstr("orderflow_task_attempts_total{task=\"other\",outcome=\"succeeded\"} 5\n"),
            Not(HasSubstr("s.S/M100"))));
}

}  // namespace
}  // namespace orderflow::api
