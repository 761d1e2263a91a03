#include "orchestrator/asl/item_reader_data.h"

#include <string>
#include <variant>

#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

// The items as JSON text, or what is wrong.
std::string Items(std::string_view config, std::string_view data) {
  const json::Value reader = json::Value::Object(
      {{"Resource", "arn:aws:states:::s3:getObject"}, {"ReaderConfig", Json(config)}});
  const auto read = ReadItemsOf(reader, data);
  if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
  return json::Serialize(std::get<ReadItemsResult>(read).items);
}

TEST(ItemReaderDataTest, JsonGivesItsItemsAndTheMembersOfAnObject) {
  EXPECT_EQ(Items(R"({"InputType": "JSON"})", "[1, {\"a\": 2}]"), R"([1,{"a":2}])");
  EXPECT_EQ(Items(R"({"InputType": "JSON"})", R"({"a": 1})"), R"([{"Key":"a","Value":1}])");
  EXPECT_EQ(Items(R"({"InputType": "JSON"})", "7"),
            "MapItemReaderData must be a JSON array or object");
  EXPECT_EQ(Items(R"({"InputType": "JSON"})", "{"), "MapItemReaderData must be valid JSON");
}

TEST(ItemReaderDataTest, AnItemsPointerLeadsToTheItems) {
  constexpr char kConfig[] = R"({"InputType": "JSON", "ItemsPointer": "/a~1b/1"})";
  EXPECT_EQ(Items(kConfig, R"({"a/b": [[], [1, 2]]})"), "[1,2]");
  EXPECT_EQ(Items(kConfig, R"({"a/b": []})"),
            "The ItemsPointer '/a~1b/1' leads to nothing in MapItemReaderData");
  const json::Value reader = json::Value::Object({{"ReaderConfig", Json(kConfig)}});
  const auto read = ReadItemsOf(reader, R"({"a/b": [0, {"c": 3}]})");
  EXPECT_EQ(std::get<ReadItemsResult>(read).after_pointer, Json(R"({"c": 3})"));
}

TEST(ItemReaderDataTest, LinesOfJsonAreItems) {
  EXPECT_EQ(Items(R"({"InputType": "JSONL"})", "{\"a\": 1}\n\n[2]\r\n"), R"([{"a":1},[2]])");
  EXPECT_EQ(Items(R"({"InputType": "JSONL"})", "1\n2,"),
            "Line 2 of MapItemReaderData must be valid JSON");
}

TEST(ItemReaderDataTest, RowsOfCsvAreObjectsOfTexts) {
  EXPECT_EQ(Items(R"({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"})",
                  "id,name\r\n1,\"a, \"\"b\"\"\"\n2\n"),
            R"([{"id":"1","name":"a, \"b\""},{"id":"2","name":""}])");
  EXPECT_EQ(Items(R"({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x", "y"],
                      "CSVDelimiter": "PIPE"})",
                  "1|2"),
            R"([{"x":"1","y":"2"}])");
  EXPECT_EQ(Items(R"({"InputType": "CSV", "CSVDelimiter": "DOT"})", ""),
            "The CSVDelimiter must be one of [COMMA, PIPE, SEMICOLON, SPACE, TAB], not 'DOT'");
}

TEST(ItemReaderDataTest, NoMoreThanMaxItemsAreRead) {
  EXPECT_EQ(Items(R"({"InputType": "JSON", "MaxItems": 2})", "[1, 2, 3]"), "[1,2]");
  EXPECT_EQ(Items(R"({"InputType": "MANIFEST"})", ""),
            "MapItemReaderData cannot be read as MANIFEST, only as one of [JSON, JSONL, CSV]");
}

}  // namespace
}  // namespace orderflow::asl
