#include "orchestrator/engine/journal_codec.h"

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow::engine {
namespace {

using store::JournalRecord;

const absl::Time kAt = absl::FromUnixMicros(1'700'000'000'123'456);

template <typename T>
T RoundTrip(const T& what) {
  const JournalRecord record = EncodeInput(7, 3, asl::Input{kAt, what});
  EXPECT_EQ(record.execution, 7);
  EXPECT_EQ(record.sequence, 3);
  const absl::StatusOr<asl::Input> decoded = DecodeRecord(record);
  EXPECT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->at, kAt);
  return std::get<T>(decoded->what);
}

TEST(JournalCodecTest, ATasksOutputComesBackAsItWas) {
  const json::Value output = json::Value::Object({{"whole", int64_t{9'007'199'254'740'993}},
                                                  {"fraction", 0.1},
                                                  {"text", "\"\\\n\u00e9\u0000x"},
                                                  {"nothing", nullptr},
                                                  {"list", json::Value::List({1, 1.0, true})}});
  const auto decoded = RoundTrip(asl::TaskSucceeded{5, output});
  EXPECT_EQ(decoded.attempt, 5);
  EXPECT_EQ(json::Serialize(decoded.output), json::Serialize(output));
}

TEST(JournalCodecTest, AFailureWithoutACauseStaysWithoutOne) {
  EXPECT_EQ(RoundTrip(asl::TaskFailed{5, {"States.Timeout", std::nullopt}}).failure.cause,
            std::nullopt);
  EXPECT_EQ(RoundTrip(asl::TaskFailed{5, {"E", ""}}).failure.cause, "");
  EXPECT_EQ(RoundTrip(asl::TaskFailed{5, {"E", "c"}}).failure, (asl::Failure{"E", "c"}));
  EXPECT_EQ(RoundTrip(asl::TaskFailed{5, {}}).failure, asl::Failure{});
}

TEST(JournalCodecTest, HowAChildEndedIsKept) {
  for (const asl::ChildEnd end :
       {asl::ChildEnd::kFailed, asl::ChildEnd::kTimedOut, asl::ChildEnd::kAborted}) {
    const asl::Failure failure{.error = "E", .cause = "c", .child_end = end};
    EXPECT_EQ(RoundTrip(asl::TaskFailed{5, failure}).failure, failure);
  }
}

TEST(JournalCodecTest, ARedriveAndAnUpdateKeepWhatTheySay) {
  const auto redriven = RoundTrip(asl::Redriven{"token \"1\"", "arn/1/2"});
  EXPECT_EQ(redriven.token, "token \"1\"");
  EXPECT_EQ(redriven.origin, "arn/1/2");
  EXPECT_EQ(RoundTrip(asl::Redriven{}).token, "");
  const auto update = RoundTrip(asl::MapRunUpdated{"run", 5, std::nullopt, 12.5});
  EXPECT_EQ(update.map_run_arn, "run");
  EXPECT_EQ(update.max_concurrency, 5);
  EXPECT_EQ(update.tolerated_failure_count, std::nullopt);
  EXPECT_EQ(update.tolerated_failure_percentage, 12.5);
  EXPECT_EQ(RoundTrip(asl::MapRunUpdated{"run", {}, 0, 100.0}).tolerated_failure_percentage, 100);
}

TEST(JournalCodecTest, AStopKeepsWhatItWasGiven) {
  EXPECT_EQ(RoundTrip(asl::Stop{std::nullopt, std::nullopt}).error, std::nullopt);
  const auto stop = RoundTrip(asl::Stop{"E", "c"});
  EXPECT_EQ(stop.error, "E");
  EXPECT_EQ(stop.cause, "c");
}

TEST(JournalCodecTest, TimersAndHeartbeatsAreTheirNumber) {
  EXPECT_EQ(RoundTrip(asl::TimerFired{11}).timer, 11);
  EXPECT_EQ(RoundTrip(asl::Heartbeat{12}).attempt, 12);
  EXPECT_TRUE(EncodeInput(1, 1, asl::Input{kAt, asl::TimerFired{11}}).payload.empty());
}

TEST(JournalCodecTest, WhoTookATaskIsKept) {
  EXPECT_EQ(RoundTrip(asl::TaskSubmitted{5, json::Value("id")}).output, json::Value("id"));
  EXPECT_EQ(RoundTrip(asl::TaskStarted{6, "Ann \"A\""}).worker, "Ann \"A\"");
  EXPECT_EQ(RoundTrip(asl::TaskStarted{6, std::nullopt}).worker, std::nullopt);
}

TEST(JournalCodecTest, MissingActivitiesAreNotedWithWhateverTheInputIs) {
  const std::vector<std::string> missing = {"one \"1\"", "two"};
  const auto round_trip = [&](decltype(asl::Input::what) what) {
    const JournalRecord record = EncodeInput(7, 3, asl::Input{kAt, std::move(what), missing});
    EXPECT_EQ(record.kind, JournalRecord::Kind::kActivitiesMissing);
    EXPECT_EQ(IsRedrive(record), record.payload.find("token") != std::string::npos);
    const absl::StatusOr<asl::Input> decoded = DecodeRecord(record);
    EXPECT_THAT(decoded, IsOk());
    EXPECT_EQ(decoded->at, kAt);
    EXPECT_EQ(decoded->missing_activities, missing);
    return decoded->what;
  };
  const auto answer = round_trip(asl::TaskSucceeded{5, json::Value::Object({{"a", "\"\n"}})});
  EXPECT_EQ(std::get<asl::TaskSucceeded>(answer).attempt, 5);
  EXPECT_EQ(std::get<asl::TaskSucceeded>(answer).output, json::Value::Object({{"a", "\"\n"}}));
  EXPECT_EQ(std::get<asl::TimerFired>(round_trip(asl::TimerFired{11})).timer, 11);
  const auto started = round_trip(asl::TaskStarted{6, std::nullopt});
  EXPECT_EQ(std::get<asl::TaskStarted>(started).worker, std::nullopt);
  EXPECT_EQ(std::get<asl::Redriven>(round_trip(asl::Redriven{"token", ""})).token, "token");
}

TEST(JournalCodecTest, WhereNothingIsMissingTheRecordIsAsItWas) {
  const JournalRecord record =
      EncodeInput(7, 3, asl::Input{kAt, asl::TaskSucceeded{5, json::Value(1)}});
  EXPECT_EQ(record.kind, JournalRecord::Kind::kTaskSucceeded);
  EXPECT_EQ(record.payload, "1");
  EXPECT_TRUE(IsRedrive(EncodeInput(7, 3, asl::Input{kAt, asl::Redriven{}})));
  EXPECT_FALSE(IsRedrive(record));
}

TEST(JournalCodecTest, ADamagedNoteIsDataLoss) {
  JournalRecord record = EncodeInput(7, 3, asl::Input{kAt, asl::TimerFired{5}, {"a"}});
  for (const char* payload :
       {"", "7", R"({"kind":3,"payload":""})", R"({"kind":3,"payload":"","missing":[7]})",
        R"({"kind":3,"missing":["a"]})", R"({"payload":"","missing":["a"]})",
        R"({"kind":10,"payload":"","missing":["a"]})",
        R"({"kind":-1,"payload":"","missing":["a"]})"}) {
    record.payload = payload;
    EXPECT_THAT(DecodeRecord(record), StatusIs(absl::StatusCode::kDataLoss)) << payload;
    EXPECT_FALSE(IsRedrive(record));
  }
}

TEST(JournalCodecTest, ADamagedRecordIsDataLoss) {
  JournalRecord record = EncodeInput(7, 3, asl::Input{kAt, asl::TaskSucceeded{5, json::Value(1)}});
  record.payload = "{";
  EXPECT_THAT(DecodeRecord(record), StatusIs(absl::StatusCode::kDataLoss));
  record.kind = static_cast<JournalRecord::Kind>(99);
  EXPECT_THAT(DecodeRecord(record), StatusIs(absl::StatusCode::kDataLoss));
  record.kind = JournalRecord::Kind::kTaskFailed;
  record.payload = "[]";
  EXPECT_THAT(DecodeRecord(record), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(JournalCodecTest, TheStartComesFromTheExecutionsRow) {
  store::ExecutionRecord execution;
  execution.input = R"({"a":1})";
  execution.start_time = kAt;
  const auto start = DecodeStart(execution);
  ASSERT_THAT(start, IsOk());
  EXPECT_EQ(start->at, kAt);
  EXPECT_EQ(std::get<asl::Start>(start->what).input, json::Value::Object({{"a", 1}}));
  EXPECT_TRUE(start->missing_activities.empty());
  execution.missing_activities = EncodeActivities({"one", "two"});
  EXPECT_EQ(DecodeStart(execution)->missing_activities, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(EncodeActivities({}), "");
  execution.missing_activities = "[1]";
  EXPECT_THAT(DecodeStart(execution), StatusIs(absl::StatusCode::kDataLoss));
  execution.missing_activities.clear();
  execution.input = "nonsense";
  EXPECT_THAT(DecodeStart(execution), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace orderflow::engine
