#include "common/failure/failure.h"

#include "common/failure/rpc_status.h"
#include "common/json/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::failure {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FailureTest, AReasonIsTheNameOfTheError) {
  const TaskFailure failure =
      FromStatus(WithErrorInfo(absl::NotFoundError("no such product"),
                               {"PRODUCT_NOT_FOUND", "inventory.orderflow", {{"id", "x"}}}));
  EXPECT_EQ(failure.error, "PRODUCT_NOT_FOUND");
  EXPECT_EQ(failure.cause,
            R"({"code":"NOT_FOUND","message":"no such product","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"PRODUCT_NOT_FOUND",)"
            R"("domain":"inventory.orderflow","metadata":{"id":"x"}}]})");
}

TEST(FailureTest, WithoutAReasonTheCodeIs) {
  EXPECT_EQ(
      FromStatus(absl::UnavailableError("gone")),
      (TaskFailure{"Grpc.UNAVAILABLE", R"({"code":"UNAVAILABLE","message":"gone","details":[]})"}));
}

TEST(FailureTest, AnInputThatDoesNotFitNamesEveryField) {
  const TaskFailure failure = FromStatus(InvalidInputError(
      {{"quantity", "expected an integer"}, {"order_id", "expected a string"}}, "a.Request"));
  EXPECT_EQ(failure.error, "Grpc.INVALID_ARGUMENT");
  EXPECT_THAT(failure.cause, HasSubstr("does not fit a.Request: quantity: expected an integer"));
  EXPECT_THAT(failure.cause,
              HasSubstr(R"({"field":"order_id","description":"expected a string"})"));
}

TEST(FailureTest, CausesStayShortAndUtf8) {
  const TaskFailure failure = FromStatus(absl::AbortedError(std::string(100'000, '\xff')));
  EXPECT_LE(failure.cause.size(), 32'768u);
  EXPECT_TRUE(json::IsUtf8(failure.cause));
}

TEST(ForCallerTest, OurOwnMistakesKeepTheirTextToThemselves) {
  const absl::Status status = ForCaller(absl::InternalError("SELECT secret"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_EQ(ForCaller(absl::AbortedError("race")), absl::AbortedError("race"));
}

}  // namespace
}  // namespace orderflow::failure
