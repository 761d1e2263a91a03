#include "common/rpc/status.h"

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace orderflow::rpc {
namespace {

using ::testing::HasSubstr;

absl::Status ADetailedStatus() {
  return WithRetryDelay(
      WithErrorInfo(InvalidArgumentError({{"order_id", "is required"}, {"quantity", "is 0"}}),
                    {"ORDER_BAD", "test.orderflow", {{"a", "1"}, {"b", "2"}}}),
      absl::Milliseconds(1500));
}

TEST(StatusTest, AllDetailsSurviveTheWayThereAndBack) {
  const absl::Status back = FromGrpcStatus(ToGrpcStatus(ADetailedStatus()));
  EXPECT_EQ(back.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(back.message(), ADetailedStatus().message());
  EXPECT_EQ(GetErrorInfo(back), GetErrorInfo(ADetailedStatus()));
  EXPECT_EQ(GetFieldViolations(back), GetFieldViolations(ADetailedStatus()));
  EXPECT_EQ(GetRetryDelay(back), absl::Milliseconds(1500));
}

TEST(StatusTest, DetailsAreWhatOtherClientsExpect) {
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(ToGrpcStatus(ADetailedStatus()).error_details()));
  EXPECT_EQ(details.code(), 3);
  ASSERT_EQ(details.details_size(), 3);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(details.details(1).type_url(), "type.googleapis.com/google.rpc.BadRequest");
  EXPECT_EQ(details.details(2).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(2).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(StatusTest, WithoutDetailsNoneAreSent) {
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError("no")).error_details(), "");
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_THAT(FromGrpcStatus(grpc::Status::OK), IsOk());
}

TEST(StatusTest, GarbageInTheDetailsLeavesCodeAndMessage) {
  const grpc::Status garbage(grpc::StatusCode::NOT_FOUND, "no such thing", "\xff\xff\xff");
  EXPECT_THAT(FromGrpcStatus(garbage), StatusIs(absl::StatusCode::kNotFound, "no such thing"));
}

TEST(StatusTest, HugeStatusesAreCutToWhatTrailersHold) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 10'000; ++i) violations.push_back({"field", std::string(1000, 'x')});
  const grpc::Status status = ToGrpcStatus(InvalidArgumentError(violations));
  EXPECT_LT(status.error_message().size() + status.error_details().size(), 8000u);
  const std::vector<FieldViolation> kept = GetFieldViolations(FromGrpcStatus(status));
  ASSERT_GE(kept.size(), 2u);
  EXPECT_THAT(kept.back().description, HasSubstr("more violations"));
}

}  // namespace
}  // namespace orderflow::rpc
