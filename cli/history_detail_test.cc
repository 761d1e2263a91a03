#include "cli/history_detail.h"

#include "gtest/gtest.h"
#include "orderflow/workflow/v1/history.pb.h"

namespace orderflow::cli {
namespace {

TEST(HistoryDetailTest, ShowsTheStateThatWasEnteredWithoutItsInput) {
  workflow::v1::HistoryEvent event;
  event.mutable_state_entered_event_details()->set_name("CheckInventory");
  event.mutable_state_entered_event_details()->set_input(R"({"secret":1})");
  EXPECT_EQ(HistoryDetail(event), "CheckInventory");
}

TEST(HistoryDetailTest, ShowsWhatFailedAndWhy) {
  workflow::v1::HistoryEvent event;
  auto* details = event.mutable_task_failed_event_details();
  details->set_resource("grpc://inventory:50052/x.Y/Z");
  details->set_error("Grpc.UNAVAILABLE");
  details->set_cause("connection refused");
  EXPECT_EQ(HistoryDetail(event),
            "grpc://inventory:50052/x.Y/Z: Grpc.UNAVAILABLE: connection refused");
}

TEST(HistoryDetailTest, ShowsWhoTookATask) {
  workflow::v1::HistoryEvent event;
  event.mutable_activity_started_event_details()->set_worker_name("packer-7");
  EXPECT_EQ(HistoryDetail(event), "packer-7");
}

TEST(HistoryDetailTest, ShowsWhichIterationOfAMapAndHowManyThereAre) {
  workflow::v1::HistoryEvent event;
  event.mutable_map_iteration_started_event_details()->set_name("Pack");
  event.mutable_map_iteration_started_event_details()->set_index(0);
  EXPECT_EQ(HistoryDetail(event), "Pack: index 0");
  event.mutable_map_state_started_event_details()->set_length(3);
  EXPECT_EQ(HistoryDetail(event), "length 3");
}

TEST(HistoryDetailTest, IsEmptyWhereAnEventHasNoDetails) {
  EXPECT_EQ(HistoryDetail(workflow::v1::HistoryEvent()), "");
}

}  // namespace
}  // namespace orderflow::cli
