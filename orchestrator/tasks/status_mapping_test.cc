#include "orchestrator/tasks/status_mapping.h"

#include "common/json/value.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using ::testing::HasSubstr;

constexpr char kMethod[] = "inventory:50052/a.B/C";

json::Value CauseOf(const asl::Failure& failure) {
  json::ParseResult parsed = json::Parse(failure.cause.value_or(""));
  EXPECT_TRUE(parsed.value.has_value()) << failure.cause.value_or("(no cause)");
  return parsed.value.value_or(json::Value());
}

std::string DetailsWith(const google::protobuf::Message& detail) {
  google::rpc::Status status;
  status.add_details()->PackFrom(detail);
  return status.SerializeAsString();
}

TEST(StatusMappingTest, CodesGiveErrorNames) {
  const std::pair<grpc::StatusCode, const char*> cases[] = {
      {grpc::StatusCode::CANCELLED, "UNAVAILABLE"},  // see below
      {grpc::StatusCode::UNKNOWN, "UNKNOWN"},
      {grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
      {grpc::StatusCode::NOT_FOUND, "NOT_FOUND"},
      {grpc::StatusCode::ALREADY_EXISTS, "ALREADY_EXISTS"},
      {grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
      {grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION"},
      {grpc::StatusCode::ABORTED, "ABORTED"},
      {grpc::StatusCode::OUT_OF_RANGE, "OUT_OF_RANGE"},
      {grpc::StatusCode::UNIMPLEMENTED, "UNIMPLEMENTED"},
      {grpc::StatusCode::INTERNAL, "INTERNAL"},
      {grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"},
      {grpc::StatusCode::DATA_LOSS, "DATA_LOSS"},
      {grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"},
      {static_cast<grpc::StatusCode>(20), "UNKNOWN"},
  };
  for (const auto& [code, name] : cases) {
    const asl::Failure failure = FailureFromStatus(grpc::Status(code, "why"), kMethod);
    EXPECT_EQ(failure.error, std::string("Grpc.") + name);
    EXPECT_EQ(CauseOf(failure).Find("code")->AsString(), name);
  }
}

TEST(StatusMappingTest, ACallThatTheServerCancelledMayBeRepeatedElsewhere) {
  const asl::Failure failure =
      FailureFromStatus(grpc::Status(grpc::StatusCode::CANCELLED, "CANCELLED"), kMethod);
  EXPECT_EQ(failure.error, "Grpc.UNAVAILABLE");
  EXPECT_THAT(CauseOf(failure).Find("message")->AsString(),
              HasSubstr("the server cancelled the call"));
  google::rpc::ErrorInfo info;
  info.set_reason("ORDER_WITHDRAWN");
  EXPECT_EQ(FailureFromStatus(
                grpc::Status(grpc::StatusCode::CANCELLED, "withdrawn", DetailsWith(info)), kMethod)
                .error,
            "ORDER_WITHDRAWN")
      << "that is its own decision";
}

TEST(StatusMappingTest, WhoCouldNotBeReachedIsNamed) {
  const asl::Failure failure =
      FailureFromStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"), kMethod);
  EXPECT_EQ(
      failure.cause,
      R"({"code":"UNAVAILABLE","message":"calling inventory:50052/a.B/C: connection refused","details":[]})");
  EXPECT_EQ(CauseOf(FailureFromStatus(grpc::Status(grpc::StatusCode::INTERNAL, ""), kMethod))
                .Find("message")
                ->AsString(),
            "calling inventory:50052/a.B/C");
}

TEST(StatusMappingTest, DetailsAreDecoded) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  google::rpc::Status status;
  status.add_details()->PackFrom(retry);
  auto* foreign = status.add_details();
  foreign->set_type_url("type.googleapis.com/some.Thing");
  foreign->set_value("\x01\x02");
  const asl::Failure failure = FailureFromStatus(
      grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many", status.SerializeAsString()),
      kMethod);
  EXPECT_EQ(failure.error, "Grpc.RESOURCE_EXHAUSTED");
  EXPECT_EQ(failure.cause,
            R"({"code":"RESOURCE_EXHAUSTED","message":"too many","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retry_delay":"1.5s"},)"
            R"({"@type":"type.googleapis.com/some.Thing","value":"AQI="}]})");
}

TEST(StatusMappingTest, BrokenDetailsAreNone) {
  const asl::Failure failure =
      FailureFromStatus(grpc::Status(grpc::StatusCode::ABORTED, "lost", "\xff\xff\xff"), kMethod);
  EXPECT_EQ(failure.error, "Grpc.ABORTED");
  EXPECT_EQ(CauseOf(failure).Find("details")->size(), 0u);
}

TEST(StatusMappingTest, AnEmptyReasonDoesNotCount) {
  const asl::Failure failure = FailureFromStatus(
      grpc::Status(grpc::StatusCode::ABORTED, "lost", DetailsWith(google::rpc::ErrorInfo())),
      kMethod);
  EXPECT_EQ(failure.error, "Grpc.ABORTED");
}

TEST(StatusMappingTest, CausesStayShortAndUtf8) {
  google::rpc::ErrorInfo info;
  info.set_reason("LARGE");
  (*info.mutable_metadata())["text"] = std::string(100'000, 'x');
  const asl::Failure failure = FailureFromStatus(
      grpc::Status(grpc::StatusCode::INTERNAL, std::string(100'000, '\xff'), DetailsWith(info)),
      kMethod);
  EXPECT_EQ(failure.error, "LARGE");
  EXPECT_LE(failure.cause->size(), 32'768u);
  EXPECT_TRUE(json::IsUtf8(*failure.cause));
  std::string umlauts;
  while (umlauts.size() < 20'000) umlauts += "ü";
  const asl::Failure cut =
      FailureFromStatus(grpc::Status(grpc::StatusCode::INTERNAL, "x" + umlauts), kMethod);
  EXPECT_TRUE(json::IsUtf8(*cut.cause));
  EXPECT_THAT(CauseOf(cut).Find("message")->AsString(), HasSubstr("ü..."));
}

TEST(StatusMappingTest, InvalidInputNamesEveryField) {
  const asl::Failure failure = InvalidInputFailure(
      {{"quantity", "expected an integer"}, {"order_id", "expected a string"}}, "a.Request");
  EXPECT_EQ(failure.error, "Grpc.INVALID_ARGUMENT");
  EXPECT_EQ(
      failure.cause,
      R"_({"code":"INVALID_ARGUMENT","message":"the task's input does not fit a.Request: quantity: expected an )_"
      R"_(integer (and 1 more)","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",)_"
      R"_("field_violations":[{"field":"quantity","description":"expected an integer"},)_"
      R"_({"field":"order_id","description":"expected a string"}]}]})_");
}

TEST(StatusMappingTest, TimeoutsHaveNoCause) {
  EXPECT_EQ(TimeoutFailure(), (asl::Failure{"States.Timeout", std::nullopt}));
}

}  // namespace
}  // namespace orderflow::tasks
