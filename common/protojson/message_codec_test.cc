#include "common/protojson/message_codec.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/dynamic_message.h>

#include <cmath>
#include <limits>

#include "common/base/test_matchers.h"
#include "old_types.pb.h"
#include "types.pb.h"

namespace orderflow::protojson {
namespace {

using ::google::protobuf::Message;
using testdata::Maps;
using testdata::Old;
using testdata::Presence;
using testdata::Publish;
using testdata::Repeated;
using testdata::Scalars;
using testdata::WellKnown;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

json::Value Json(std::string_view text) {
  json::ParseResult parsed = json::Parse(text);
  EXPECT_TRUE(parsed.value.has_value()) << text << ": " << parsed.error->message;
  return parsed.value.value_or(json::Value());
}

// "field: description" of each problem.
std::vector<std::string> Problems(std::string_view text, Message& message,
                                  const Options& options = {}) {
  std::vector<std::string> problems;
  for (const FieldViolation& each : ToMessage(Json(text), message, options)) {
    problems.push_back(each.field + ": " + each.description);
  }
  return problems;
}
template <typename T>
std::vector<std::string> ProblemsOf(std::string_view text, const Options& options = {}) {
  T message;
  return Problems(text, message, options);
}

template <typename T>
T Read(std::string_view text, const Options& options = {}) {
  T message;
  EXPECT_THAT(Problems(text, message, options), IsEmpty()) << text;
  return message;
}

std::string Write(const Message& message, const Options& options = {}) {
  absl::StatusOr<json::Value> value = FromMessage(message, options);
  return value.ok() ? Serialize(*value) : value.status().ToString();
}

// The message that a text gives, written again.
template <typename T>
std::string RoundTrip(std::string_view text, const Options& options = {.omit_defaults = true}) {
  return Write(Read<T>(text), options);
}

TEST(MessageCodecTest, ScalarsKeepTheirExtremes) {
  const char* text =
      R"({"int32_field":-2147483648,"int64_field":-9223372036854775808,"uint32_field":4294967295,)"
      R"("uint64_field":9223372036854775807,"sint32_field":2147483647,"sint64_field":9223372036854775807,)"
      R"("fixed32_field":4294967295,"fixed64_field":9007199254740993,"sfixed32_field":-1,)"
      R"("sfixed64_field":-9007199254740993,"float_field":0.1,"double_field":1.7976931348623157e+308,)"
      R"("bool_field":true,"string_field":"Grüße \"quoted\" \u0000","bytes_field":"AP8Q",)"
      R"("tea_kind":"TEA_KIND_EARL_GREY","plain":"SOME"})";
  EXPECT_EQ(RoundTrip<Scalars>(text), text);
  const Scalars message = Read<Scalars>(text);
  EXPECT_EQ(message.fixed64_field(), 9007199254740993u);
  EXPECT_EQ(message.bytes_field(), std::string("\0\xff\x10", 3));
  EXPECT_EQ(message.float_field(), 0.1f);
}

TEST(MessageCodecTest, WhatHoldsNothingCanBeLeftOut) {
  const Options options = {.omit_empty = true};
  EXPECT_EQ(Write(testdata::Maps(), options), "{}");
  EXPECT_THAT(Write(Repeated(), options), HasSubstr(R"("texts":[])"));
  const std::string scalars = Write(Scalars(), options);
  EXPECT_THAT(scalars, HasSubstr(R"("int32_field":0)"));
  EXPECT_THAT(scalars, HasSubstr(R"("bool_field":false)"));
  EXPECT_THAT(scalars, ::testing::Not(HasSubstr("string_field")));
  EXPECT_THAT(scalars, ::testing::Not(HasSubstr("tea_kind")));
  testdata::Presence outer;
  outer.mutable_message();
  EXPECT_THAT(Write(outer, options), HasSubstr(R"("string_field":"")"));
}

TEST(MessageCodecTest, FieldsWithoutPresenceAreAlwaysWritten) {
  EXPECT_EQ(
      Write(Scalars()),
      R"({"int32_field":0,"int64_field":0,"uint32_field":0,"uint64_field":0,"sint32_field":0,"sint64_field":0,)"
      R"("fixed32_field":0,"fixed64_field":0,"sfixed32_field":0,"sfixed64_field":0,"float_field":0.0,)"
      R"("double_field":0.0,"bool_field":false,"string_field":"","bytes_field":"",)"
      R"("tea_kind":"TEA_KIND_UNSPECIFIED","plain":"NONE"})");
  EXPECT_EQ(Write(Repeated()),
            R"({"numbers":[],"texts":[],"kinds":[],"messages":[],"doubles":[],"blobs":[]})");
  EXPECT_EQ(Write(Maps()),
            R"({"by_text":{},"by_number":{},"by_bool":{},"messages":{},"values":{}})");
  EXPECT_EQ(Write(Presence()), R"({"custom":""})") << "but those with presence are not";
  EXPECT_EQ(Write(Scalars(), {.omit_defaults = true}), "{}");
}

TEST(MessageCodecTest, PresenceIsKept) {
  EXPECT_EQ(RoundTrip<Presence>(R"({"optional_number":0,"optional_text":"","message":{}})"),
            R"({"optional_number":0,"optional_text":"","message":{}})");
  EXPECT_EQ(RoundTrip<Presence>(R"({"text_choice":""})"), R"({"text_choice":""})");
  EXPECT_EQ(RoundTrip<Presence>(R"({"nested_choice":{"number_choice":0}})"),
            R"({"nested_choice":{"number_choice":0}})");
}

TEST(MessageCodecTest, NullMeansAbsent) {
  EXPECT_EQ(RoundTrip<Presence>(
                R"({"optional_number":null,"message":null,"text_choice":null,"number_choice":7})"),
            R"({"number_choice":7})");
  EXPECT_EQ(RoundTrip<Repeated>(R"({"numbers":null})"), "{}");
  EXPECT_EQ(RoundTrip<Maps>(R"({"by_text":null})"), "{}");
  EXPECT_THAT(ProblemsOf<Repeated>(R"({"numbers":[1,null]})"),
              ElementsAre(StartsWith("numbers[1]: expected an integer from")));
  EXPECT_THAT(ProblemsOf<Maps>(R"({"messages":{"a":null}})"),
              ElementsAre("messages[\"a\"]: expected an object, found null"));
}

TEST(MessageCodecTest, MembersHaveProtoOrJsonNames) {
  EXPECT_EQ(Read<Scalars>(R"({"int32Field":1})").int32_field(), 1);
  EXPECT_EQ(Read<Scalars>(R"({"int32_field":1})").int32_field(), 1);
  EXPECT_EQ(Read<Presence>(R"({"@custom":"x"})").custom(), "x");
  Presence message;
  message.set_optional_number(1);
  message.set_custom("x");
  EXPECT_EQ(Write(message, {.names = Options::Names::kJson}),
            R"({"optionalNumber":1,"@custom":"x"})");
  EXPECT_THAT(ProblemsOf<Scalars>(R"({"int32_field":1,"int32Field":2})"),
              ElementsAre("int32Field: given twice: also as int32_field"));
}

TEST(MessageCodecTest, UnknownMembersAreReportedOrIgnored) {
  const char* text = R"({"int32_field":1,"more":{"a":[1]},"Int32_field":2})";
  EXPECT_THAT(
      ProblemsOf<Scalars>(text),
      ElementsAre("more: unknown member; orderflow.protojson.testdata.Scalars has no such field",
                  StartsWith("Int32_field: unknown member")));
  EXPECT_EQ(Read<Scalars>(text, {.ignore_unknown = true}).int32_field(), 1);
}

TEST(MessageCodecTest, IntegersComeAsNumbersOrText) {
  EXPECT_EQ(Read<Scalars>(R"({"int64_field":"9223372036854775807"})").int64_field(),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Read<Scalars>(R"({"uint64_field":"18446744073709551615"})").uint64_field(),
            std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(Read<Scalars>(R"({"int32_field":3.0})").int32_field(), 3);
  EXPECT_EQ(Read<Scalars>(R"({"int32_field":1e3})").int32_field(), 1000);
}

TEST(MessageCodecTest, IntegersOutOfRangeAreReportedWithTheRange) {
  EXPECT_THAT(
      ProblemsOf<Scalars>(R"({"int32_field":2147483648})"),
      ElementsAre(
          "int32_field: expected an integer from -2147483648 to 2147483647, found 2147483648"));
  EXPECT_THAT(ProblemsOf<Scalars>(R"({"uint32_field":-1})"),
              ElementsAre("uint32_field: expected an integer from 0 to 4294967295, found -1"));
  EXPECT_THAT(
      ProblemsOf<Scalars>(R"({"uint64_field":-1})"),
      ElementsAre("uint64_field: expected an integer from 0 to 18446744073709551615, found -1"));
  for (const char* bad :
       {"1.5", "\"\"", "\"1.5\"", "\" 1\"", "\"0x1\"", "\"1e3\"", "9223372036854775808", "1e300",
        "true", "[]", "{}", "\"9223372036854775808\""}) {
    EXPECT_THAT(ProblemsOf<Scalars>(std::string("{\"int64_field\":") + bad + "}").size(), 1u)
        << bad;
  }
  // A double this large may not be the number that was written.
  EXPECT_EQ(ProblemsOf<Scalars>(R"({"uint64_field":18446744073709551615})").size(), 1u);
}

TEST(MessageCodecTest, UnsignedNumbersThatNoIntegerHoldsBecomeText) {
  Scalars message;
  message.set_uint64_field(std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(Write(message, {.omit_defaults = true}), R"({"uint64_field":"18446744073709551615"})");
}

TEST(MessageCodecTest, FloatsMayBeNoNumbers) {
  Scalars message = Read<Scalars>(R"({"float_field":"-Infinity","double_field":"NaN"})");
  EXPECT_TRUE(std::isnan(message.double_field()));
  EXPECT_EQ(Write(message, {.omit_defaults = true}),
            R"({"float_field":"-Infinity","double_field":"NaN"})");
  EXPECT_EQ(Read<Scalars>(R"({"double_field":"1.5"})").double_field(), 1.5);
  EXPECT_EQ(Read<Scalars>(R"({"double_field":2})").double_field(), 2.0);
  EXPECT_THAT(ProblemsOf<Scalars>(R"({"float_field":1e39,"double_field":"inf"})"),
              ElementsAre("float_field: expected a number that a 32-bit float holds",
                          "double_field: expected a number, found a string"));
}

TEST(MessageCodecTest, WrongKindsAreNamedWithoutTheValue) {
  EXPECT_THAT(ProblemsOf<Scalars>(
                  R"({"string_field":4111111111111111,"bool_field":"true","bytes_field":"***"})"),
              ElementsAre("string_field: expected a string, found an integer",
                          "bool_field: expected true or false, found a string",
                          "bytes_field: expected base64 text"));
  EXPECT_THAT(ProblemsOf<Scalars>("[]"), ElementsAre(": expected an object, found an array"));
  EXPECT_THAT(
      ProblemsOf<Repeated>(R"({"numbers":{},"messages":[{"message":{"bool_field":1}}]})"),
      ElementsAre("numbers: expected an array, found an object",
                  "messages[0].message.bool_field: expected true or false, found an integer"));
}

TEST(MessageCodecTest, EnumsAreNamesOrNumbers) {
  EXPECT_EQ(Read<Scalars>(R"({"tea_kind":"TEA_KIND_GREEN"})").tea_kind(), testdata::TEA_KIND_GREEN);
  EXPECT_EQ(Read<Scalars>(R"({"tea_kind":2})").tea_kind(), testdata::TEA_KIND_EARL_GREY);
  EXPECT_EQ(RoundTrip<Scalars>(R"({"tea_kind":77})"), R"({"tea_kind":77})")
      << "a newer value passes through";
  EXPECT_THAT(ProblemsOf<Scalars>(R"({"tea_kind":"COFFEE"})"),
              ElementsAre("tea_kind: unknown value \"COFFEE\"; expected one of "
                          "TEA_KIND_UNSPECIFIED, TEA_KIND_GREEN, "
                          "TEA_KIND_EARL_GREY"));
  EXPECT_THAT(ProblemsOf<Scalars>(R"({"tea_kind":true})"),
              ElementsAre(HasSubstr("found a boolean")));
}

TEST(MessageCodecTest, EnumPrefixesAreStrippedOnRequest) {
  const Options strip = {.strip_enum_prefix = true, .omit_defaults = true};
  EXPECT_EQ(Write(Read<Scalars>(R"({"tea_kind":"EARL_GREY","plain":"SOME"})", strip), strip),
            R"({"tea_kind":"EARL_GREY","plain":"SOME"})");
  EXPECT_EQ(Read<Scalars>(R"({"tea_kind":"TEA_KIND_GREEN"})", strip).tea_kind(),
            testdata::TEA_KIND_GREEN);
  EXPECT_THAT(ProblemsOf<Scalars>(R"({"tea_kind":"GREEN"})"),
              ElementsAre(HasSubstr("unknown value")));
}

TEST(MessageCodecTest, OnlyOneOfAOneofMayBeGiven) {
  EXPECT_THAT(ProblemsOf<Presence>(R"({"text_choice":"a","number_choice":1})"),
              ElementsAre("number_choice: only one of text_choice and number_choice may be given"));
}

TEST(MessageCodecTest, ListsKeepTheirOrder) {
  const char* text =
      R"({"numbers":[3,1,9007199254740993],"texts":["b","a"],"kinds":["TEA_KIND_GREEN","TEA_KIND_UNSPECIFIED"],)"
      R"("messages":[{"number_choice":1},{}],"doubles":[0.1,-2.0],"blobs":["","AA=="]})";
  EXPECT_EQ(RoundTrip<Repeated>(text), text);
}

TEST(MessageCodecTest, MapsAreSortedByKey) {
  EXPECT_EQ(
      RoundTrip<Maps>(
          R"({"by_text":{"b":2,"a":9007199254740993,"":0},"by_number":{"-5":"x","10":"y"},)"
          R"("by_bool":{"true":"TEA_KIND_GREEN","false":0},"messages":{"m":{"text_choice":"t"}},)"
          R"("values":{"18446744073709551615":null,"1":[{}]}})"),
      R"({"by_text":{"":0,"a":9007199254740993,"b":2},"by_number":{"-5":"x","10":"y"},)"
      R"("by_bool":{"false":"TEA_KIND_UNSPECIFIED","true":"TEA_KIND_GREEN"},)"
      R"("messages":{"m":{"text_choice":"t"}},"values":{"1":[{}],"18446744073709551615":null}})");
  EXPECT_THAT(ProblemsOf<Maps>(R"({"by_number":{"x":"y"},"by_bool":{"1":0},"by_text":{"a":"b"}})"),
              ElementsAre(StartsWith("by_number[\"x\"]: expected an integer"),
                          "by_bool[\"1\"]: expected \"true\" or \"false\" as key",
                          StartsWith("by_text[\"a\"]: expected an integer")));
}

TEST(MessageCodecTest, BytesAreBase64InBothAlphabets) {
  EXPECT_EQ(Read<Scalars>(R"({"bytes_field":"+/8="})").bytes_field(), "\xfb\xff");
  EXPECT_EQ(Read<Scalars>(R"({"bytes_field":"-_8"})").bytes_field(), "\xfb\xff");
  EXPECT_EQ(Write(Read<Scalars>(R"({"bytes_field":"-_8"})"), {.omit_defaults = true}),
            R"({"bytes_field":"+/8="})");
}

TEST(MessageCodecTest, WellKnownTypesHaveTheirOwnForms) {
  const char* text =
      R"({"time":"2024-05-01T12:00:00.5Z","span":"-3.000000001s","structure":{"a":[1,2.5,"x",null,{"b":true}]},)"
      R"("value":{"deep":[[]]},"list":[1,"two"],"int64_wrapper":9007199254740993,)"
      R"("uint64_wrapper":0,"string_wrapper":"","bool_wrapper":false,"double_wrapper":0.0,"bytes_wrapper":"AA==",)"
      R"("empty":{},"mask":{"paths":["a.b"]},"times":["1970-01-01T00:00:00Z"]})";
  EXPECT_EQ(RoundTrip<WellKnown>(text), text);
  EXPECT_EQ(Read<WellKnown>(text).time().nanos(), 500'000'000);
  EXPECT_EQ(Read<WellKnown>(R"({"value":null})").value().kind_case(),
            google::protobuf::Value::kNullValue);
  EXPECT_EQ(RoundTrip<WellKnown>(R"({"value":null})"), R"({"value":null})");
  EXPECT_FALSE(Read<WellKnown>(R"({"structure":null})").has_structure());
  EXPECT_EQ(Write(Read<WellKnown>(R"({"nothing":null})")), R"({"nothing":null,"times":[]})");
}

TEST(MessageCodecTest, WellKnownTypesSayWhatTheyExpect) {
  EXPECT_THAT(
      ProblemsOf<WellKnown>(R"({"time":"yesterday","span":3,"structure":[],"list":{},"empty":1})"),
      ElementsAre(StartsWith("time: expected a time as of RFC 3339"),
                  StartsWith("span: expected a duration in seconds, such as \"3.5s\""),
                  "structure: expected an object, found an array",
                  "list: expected an array, found an object",
                  "empty: expected an object, found an integer"));
  EXPECT_THAT(
      ProblemsOf<WellKnown>(R"({"value":{"n":9007199254740993}})"),
      ElementsAre("value[\"n\"]: google.protobuf.Value cannot hold the integer 9007199254740993"));
}

TEST(MessageCodecTest, TimesMayBeSecondsSince1970) {
  const Options options = {.times = Options::Times::kEpochSeconds, .omit_defaults = true};
  EXPECT_EQ(RoundTrip<WellKnown>(
                R"({"time":"2024-05-01T12:00:00.5Z","times":["2024-05-01T12:00:00Z"]})", options),
            R"({"time":1714564800.5,"times":[1714564800]})");
  EXPECT_EQ(RoundTrip<WellKnown>(R"({"time":1714564800.123})"),
            R"({"time":"2024-05-01T12:00:00.123Z"})");
  EXPECT_EQ(RoundTrip<WellKnown>(R"({"time":-0.5})"), R"({"time":"1969-12-31T23:59:59.5Z"})");
}

TEST(MessageCodecTest, AnyHoldsTypesThatAreLinkedIn) {
  const char* text =
      R"({"any":{"@type":"type.googleapis.com/orderflow.protojson.testdata.Presence","number_choice":5}})";
  EXPECT_EQ(RoundTrip<WellKnown>(text), text);
  const char* special =
      R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.5s"}})";
  EXPECT_EQ(RoundTrip<WellKnown>(special), special);
  EXPECT_THAT(ProblemsOf<WellKnown>(R"({"any":{"@type":"type.googleapis.com/no.Such"}})"),
              ElementsAre("any.@type: unknown message type \"type.googleapis.com/no.Such\""));
  EXPECT_THAT(ProblemsOf<WellKnown>(R"({"any":{}})"),
              ElementsAre("any.@type: expected the URL of a message type"));
  WellKnown foreign;
  foreign.mutable_any()->set_type_url("type.googleapis.com/no.Such");
  foreign.mutable_any()->set_value("\x01");
  EXPECT_EQ(Write(foreign, {.omit_defaults = true}),
            R"({"any":{"@type":"type.googleapis.com/no.Such","value":"AQ=="}})");
}

TEST(MessageCodecTest, NestingIsLimited) {
  std::string text = "{}";
  for (int i = 1; i < 100; ++i) text = R"({"nested_choice":)" + text + "}";
  EXPECT_THAT(ProblemsOf<Presence>(text), IsEmpty());
  Presence message = Read<Presence>(text);
  EXPECT_THAT(FromMessage(message), IsOk());
  text = R"({"nested_choice":)" + text + "}";
  EXPECT_THAT(ProblemsOf<Presence>(text), ElementsAre(HasSubstr("nested deeper than 100 levels")));
  Presence outer;
  *outer.mutable_nested_choice() = message;
  EXPECT_THAT(FromMessage(outer),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nested deeper than 100")));
}

TEST(MessageCodecTest, DeepDynamicValuesAreLimited) {
  json::Value deep = 1;
  for (int i = 0; i < 100'000; ++i) deep = json::Value::List({std::move(deep)});
  WellKnown message;
  const auto violations = ToMessage(json::Value::Object({{"value", deep}}), message);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_THAT(violations[0].description, HasSubstr("nested deeper"));
}

TEST(MessageCodecTest, ProblemsAreLimited) {
  json::Array items(10'000, json::Value("x"));
  Repeated message;
  EXPECT_EQ(ToMessage(json::Value::Object({{"numbers", json::Value::FromArray(std::move(items))}}),
                      message)
                .size(),
            100u);
}

TEST(MessageCodecTest, TextsThatAreNotUtf8CannotBeWritten) {
  Old message;
  message.set_id(1);
  message.set_text("\xff");
  EXPECT_THAT(FromMessage(message),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("field text is not UTF-8")));
}

TEST(MessageCodecTest, TimesOutOfRangeCannotBeWritten) {
  WellKnown message;
  message.mutable_time()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_THAT(FromMessage(message),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Timestamp: out of range")));
  message.mutable_time()->set_seconds(0);
  message.mutable_time()->set_nanos(-1);
  EXPECT_THAT(FromMessage(message), StatusIs(absl::StatusCode::kInvalidArgument));
  message.clear_time();
  message.mutable_span()->set_seconds(std::numeric_limits<int64_t>::min());
  message.mutable_span()->set_nanos(std::numeric_limits<int32_t>::min());
  EXPECT_THAT(FromMessage(message),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Duration: out of range")));
}

TEST(MessageCodecTest, OldSyntaxKnowsRequiredFieldsAndClosedEnums) {
  EXPECT_EQ(RoundTrip<Old>(R"({"id":1,"closed":"SECOND","children":[{"id":2}],"part":{"size":3}})"),
            R"({"id":1,"closed":"SECOND","children":[{"id":2}],"part":{"size":3}})");
  EXPECT_THAT(ProblemsOf<Old>(R"({"children":[{}],"closed":3})"),
              ElementsAre("children[0].id: required, but absent",
                          "closed: unknown value 3; expected one of FIRST, SECOND",
                          "id: required, but absent"));
}

TEST(MessageCodecTest, MembersMayBeNamedAsAwsNamesThem) {
  const Options options = {.names = Options::Names::kAws};
  Publish publish;
  EXPECT_THAT(ToMessage(Json(R"({"TopicArn":"t","Message":{"a":[1]},"md5ofmessagebody":"m",
                                 "MessageAttributes":{"Color":{"DataType":"String","S":"red"},
                                                      "ok":{"BOOL":true}}})"),
                        publish, options),
              IsEmpty());
  EXPECT_EQ(publish.topic_arn(), "t");
  EXPECT_EQ(publish.message(), R"({"a":[1]})");
  absl::StatusOr<json::Value> value = FromMessage(publish, options);
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(*value->Find("TopicArn"), json::Value("t"));
  EXPECT_EQ(*value->Find("MD5OfMessageBody"), json::Value("m"));
  EXPECT_EQ(*value->Find("MessageAttributes"),
            Json(R"({"Color":{"DataType":"String","S":"red"},"ok":{"DataType":"","BOOL":true}})"));
}

TEST(MessageCodecTest, SpellingsOfOneMemberAreNotTakenTogether) {
  const Options options = {.names = Options::Names::kAws};
  Publish publish;
  const std::vector<FieldViolation> found =
      ToMessage(Json(R"({"TopicArn":"a","topicARN":"b","Other":1,"Blob":{}})"), publish, options);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].field, "topicARN");
  EXPECT_THAT(found[0].description, HasSubstr("given twice"));
  EXPECT_THAT(found[1].description, HasSubstr("unknown member"));
  EXPECT_THAT(found[2].description, HasSubstr("base64"));
  Publish plain;
  EXPECT_THAT(ToMessage(Json(R"({"TopicArn":"a"})"), plain, {}), SizeIs(1));
}

TEST(MessageCodecTest, DynamicMessagesAreTheSameAsGeneratedOnes) {
  // A pool of its own, as when types come from a server.
  google::protobuf::DescriptorPoolDatabase database(
      *google::protobuf::DescriptorPool::generated_pool());
  google::protobuf::DescriptorPool pool(&database);
  google::protobuf::DynamicMessageFactory factory(&pool);
  for (
      const auto& [type, text] : std::vector<std::pair<std::string, std::string>>{
          {"Scalars",
           R"({"int64_field":9007199254740993,"bytes_field":"AA==","tea_kind":"TEA_KIND_GREEN"})"},
          {"Presence",
           R"({"optional_number":0,"message":{"int32_field":1},"nested_choice":{"text_choice":"x"}})"},
          {"Repeated", R"({"numbers":[1,2],"messages":[{},{"number_choice":0}]})"},
          {"Maps", R"({"by_text":{"a":1},"messages":{"m":{}},"values":{"1":{"a":[1.5]}}})"},
          {"WellKnown",
           R"({"time":"2024-05-01T12:00:00Z","span":"1s","structure":{"a":1},"int64_wrapper":5,)"
           R"("any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}})"},
      }) {
    const auto* descriptor = pool.FindMessageTypeByName("orderflow.protojson.testdata." + type);
    ASSERT_NE(descriptor, nullptr) << type;
    const auto codec = MessageCodec::Create(*descriptor, {.omit_defaults = true});
    std::unique_ptr<Message> message(factory.GetPrototype(descriptor)->New());
    EXPECT_THAT(codec->ToMessage(Json(text), *message), IsEmpty()) << type;
    std::unique_ptr<Message> copy(message->New());
    ASSERT_TRUE(copy->ParseFromString(message->SerializeAsString()));
    absl::StatusOr<json::Value> value = codec->FromMessage(*copy);
    ASSERT_THAT(value, IsOk());
    EXPECT_EQ(Serialize(*value), text);
  }
}

}  // namespace
}  // namespace orderflow::protojson
