#include "cli/progress.h"

#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::cli {
namespace {

class ProgressTest : public ::testing::Test {
 protected:
  // Shows an event that happened so many milliseconds after the start.
  void Show(Progress& progress, const std::string& type, const std::string& state, int at_ms,
            const std::string& detail = "") {
    order::v1::WatchOrderResponse event;
    event.set_event_type(type);
    event.set_state(state);
    event.set_detail(detail);
    event.mutable_time()->set_seconds(1'700'000'000);
    event.mutable_time()->set_nanos(at_ms * 1'000'000);
    progress.OnEvent(event);
  }

  std::ostringstream out_;
};

TEST_F(ProgressTest, AFileGetsOneLinePerStateWithItsDuration) {
  Progress progress(out_, /*is_terminal=*/false);
  Show(progress, "ExecutionStarted", "", 0);
  Show(progress, "TaskStateEntered", "ReceiveOrder", 1);
  Show(progress, "TaskScheduled", "ReceiveOrder", 1);
  Show(progress, "TaskSucceeded", "ReceiveOrder", 12);
  Show(progress, "TaskStateExited", "ReceiveOrder", 13);
  Show(progress, "ChoiceStateEntered", "InventoryConfirmation", 13);
  Show(progress, "ChoiceStateExited", "InventoryConfirmation", 15);
  Show(progress, "ExecutionSucceeded", "", 15);
  EXPECT_EQ(out_.str(),
            "  ✓ ReceiveOrder            12 ms\n"
            "  ✓ InventoryConfirmation   2 ms\n");
}

TEST_F(ProgressTest, AFailedTryIsShownAndASuccessfulRetryEndsWell) {
  Progress progress(out_, false);
  Show(progress, "TaskStateEntered", "CheckInventory", 0);
  Show(progress, "TaskScheduled", "CheckInventory", 0);
  Show(progress, "TaskFailed", "CheckInventory", 5, "Grpc.UNAVAILABLE: inventory is\naway");
  Show(progress, "TaskScheduled", "CheckInventory", 100);
  Show(progress, "TaskStateExited", "CheckInventory", 120);
  EXPECT_EQ(out_.str(),
            "  ! CheckInventory          Grpc.UNAVAILABLE: inventory is?away\n"
            "  ✓ CheckInventory          120 ms\n");
}

TEST_F(ProgressTest, ACaughtErrorAndAFailStateAreCrossed) {
  Progress progress(out_, false);
  Show(progress, "TaskStateEntered", "CheckInventory", 0);
  Show(progress, "TaskTimedOut", "CheckInventory", 10, "States.Timeout");
  Show(progress, "TaskStateExited", "CheckInventory", 10);
  Show(progress, "FailStateEntered", "InventoryFailed", 10);
  Show(progress, "ExecutionFailed", "", 11, "InventoryFailed");
  EXPECT_EQ(out_.str(),
            "  ! CheckInventory          States.Timeout\n"
            "  ✗ CheckInventory          10 ms\n"
            "  ✗ InventoryFailed         1 ms\n");
}

TEST_F(ProgressTest, ATerminalShowsTheStateAtWorkAndLeavesNothingBehind) {
  {
    Progress progress(out_, /*is_terminal=*/true);
    Show(progress, "TaskStateEntered", "ReceiveOrder", 0);
    EXPECT_EQ(out_.str(), "  … ReceiveOrder");
  }
  EXPECT_EQ(out_.str(), "  … ReceiveOrder\r\x1b[K");
}

}  // namespace
}  // namespace orderflow::cli
