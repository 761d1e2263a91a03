#include "orchestrator/asl/item_reader_data.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace orderflow::asl {
namespace {

using json::Value;
using Rows = std::vector<std::vector<std::string>>;

std::string TextOr(const Value* config, std::string_view name, std::string_view absent) {
  const Value* value = config == nullptr ? nullptr : config->Find(name);
  return value != nullptr && value->IsString() ? value->AsString() : std::string(absent);
}

// RFC 6901; nullptr where there is nothing.
const Value* Follow(const Value& root, std::string_view pointer) {
  const Value* at = &root;
  while (!pointer.empty() && at != nullptr) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string token =
        absl::StrReplaceAll(absl::string_view(pointer.data(), end), {{"~1", "/"}, {"~0", "~"}});
    pointer.remove_prefix(end);
    size_t index = 0;
    if (at->IsArray()) {
      at = absl::SimpleAtoi(token, &index) ? at->At(index) : nullptr;
    } else {
      at = at->Find(token);
    }
  }
  return at;
}

// Members of an object are items, too.
std::optional<Value> AsItems(const Value& value) {
  if (value.IsArray()) return value;
  if (!value.IsObject()) return std::nullopt;
  json::Array items;
  for (const json::Member& member : value.AsMembers())
    items.push_back(Value::Object({{"Key", member.key}, {"Value", member.value}}));
  return Value::FromArray(std::move(items));
}

std::variant<ReadItemsResult, std::string> ReadJson(const Value* config, std::string_view data) {
  const json::ParseResult parsed = json::Parse(data);
  if (!parsed.value.has_value()) return "MapItemReaderData must be valid JSON";
  const std::string pointer = TextOr(config, "ItemsPointer", "");
  const Value* found = Follow(*parsed.value, pointer);
  if (found == nullptr)
    return "The ItemsPointer '" + pointer + "' leads to nothing in MapItemReaderData";
  std::optional<Value> items = AsItems(*found);
  if (!items.has_value()) return "MapItemReaderData must be a JSON array or object";
  ReadItemsResult result{.items = *std::move(items), .after_pointer = std::nullopt};
  if (!pointer.empty()) result.after_pointer = *found;
  return result;
}

std::variant<ReadItemsResult, std::string> ReadJsonLines(std::string_view data) {
  json::Array items;
  int number = 0;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(data.data(), data.size()), '\n')) {
    ++number;
    if (line.find_first_not_of(" \t\r") == absl::string_view::npos) continue;
    json::ParseResult parsed = json::Parse(std::string_view(line.data(), line.size()));
    if (!parsed.value.has_value())
      return "Line " + std::to_string(number) + " of MapItemReaderData must be valid JSON";
    items.push_back(*std::move(parsed.value));
  }
  return ReadItemsResult{.items = Value::FromArray(std::move(items)),
                         .after_pointer = std::nullopt};
}

// RFC 4180: a field in quotes may hold delimiters, line ends and doubled quotes.
Rows SplitRows(std::string_view data, char delimiter) {
  Rows rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  const auto end_row = [&] {
    row.push_back(std::move(field));
    field.clear();
    if (row.size() > 1 || !row.front().empty()) rows.push_back(std::move(row));
    row.clear();
  };
  for (size_t i = 0; i < data.size(); ++i) {
    const char c = data[i];
    if (quoted && c == '"' && i + 1 < data.size() && data[i + 1] == '"') {
      field += data[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == delimiter) {
      row.push_back(std::move(field));
      field.clear();
    } else if (!quoted && c == '\n') {
      if (!field.empty() && field.back() == '\r') field.pop_back();
      end_row();
    } else {
      field += c;
    }
  }
  if (!row.empty() || !field.empty()) end_row();
  return rows;
}

std::variant<ReadItemsResult, std::string> ReadCsv(const Value* config, std::string_view data) {
  constexpr std::pair<std::string_view, char> kDelimiters[] = {
      {"COMMA", ','}, {"PIPE", '|'}, {"SEMICOLON", ';'}, {"SPACE", ' '}, {"TAB", '\t'}};
  const std::string name = TextOr(config, "CSVDelimiter", "COMMA");
  const auto* delimiter = std::find_if(std::begin(kDelimiters), std::end(kDelimiters),
                                       [&](const auto& known) { return known.first == name; });
  if (delimiter == std::end(kDelimiters))
    return "The CSVDelimiter must be one of [COMMA, PIPE, SEMICOLON, SPACE, TAB], not '" + name +
           "'";
  Rows rows = SplitRows(data, delimiter->second);
  std::vector<std::string> headers;
  if (TextOr(config, "CSVHeaderLocation", "FIRST_ROW") == "GIVEN") {
    const Value* given = config->Find("CSVHeaders");
    if (given == nullptr || !given->IsArray()) return "CSVHeaderLocation GIVEN needs CSVHeaders";
    for (const Value& header : given->AsArray())
      headers.push_back(header.IsString() ? header.AsString() : json::Serialize(header));
  } else if (!rows.empty()) {
    headers = std::move(rows.front());
    rows.erase(rows.begin());
  }
  json::Array items;
  for (std::vector<std::string>& row : rows) {
    row.resize(headers.size());
    json::Members members;
    for (size_t i = 0; i < headers.size(); ++i)
      members.push_back({headers[i], Value(std::move(row[i]))});
    items.push_back(Value::FromMembers(std::move(members)));
  }
  return ReadItemsResult{.items = Value::FromArray(std::move(items)),
                         .after_pointer = std::nullopt};
}

}  // namespace

std::variant<ReadItemsResult, std::string> ReadItemsOf(const Value& reader, std::string_view data) {
  const Value* config = reader.Find("ReaderConfig");
  // Lists of objects in a bucket have no InputType, and are JSON.
  const std::string type = TextOr(config, "InputType", "JSON");
  std::variant<ReadItemsResult, std::string> read =
      "MapItemReaderData cannot be read as " + type + ", only as one of [JSON, JSONL, CSV]";
  if (type == "JSON") read = ReadJson(config, data);
  if (type == "JSONL") read = ReadJsonLines(data);
  if (type == "CSV") read = ReadCsv(config, data);
  const Value* most = config == nullptr ? nullptr : config->Find("MaxItems");
  auto* result = std::get_if<ReadItemsResult>(&read);
  if (result != nullptr && most != nullptr && most->IsInt() && most->AsInt() > 0 &&
      static_cast<size_t>(most->AsInt()) < result->items.size()) {
    const json::Array& all = result->items.AsArray();
    result->items = Value::FromArray(json::Array(all.begin(), all.begin() + most->AsInt()));
  }
  return read;
}

}  // namespace orderflow::asl
