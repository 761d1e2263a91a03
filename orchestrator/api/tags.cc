#include "orchestrator/api/tags.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {
namespace {

std::string Serialize(const Tags& tags) {
  if (tags.empty()) return std::string();
  json::Array items;
  for (const workflow::v1::Tag& tag : tags) {
    items.push_back(json::Value::Object({{"key", tag.key()}, {"value", tag.value()}}));
  }
  return json::Serialize(json::Value::FromArray(std::move(items)));
}

absl::Status CheckNumber(const Tags& tags) {
  if (static_cast<size_t>(tags.size()) <= kMaxTags) return absl::OkStatus();
  return StatesError("TooManyTags", absl::StrCat("Too many tags: ", tags.size(), ", at most ",
                                                 kMaxTags, " allowed"));
}

}  // namespace

absl::Status CheckTags(const Tags& tags) {
  for (int i = 0; i < tags.size(); ++i) {
    const std::string member = absl::StrCat("tags.", i + 1, ".member.");
    ORDERFLOW_RETURN_IF_ERROR(CheckLength(member + "key", tags[i].key(), 1, 128));
    ORDERFLOW_RETURN_IF_ERROR(CheckLength(member + "value", tags[i].value(), 0, 256));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EncodeTags(const Tags& tags) {
  ORDERFLOW_RETURN_IF_ERROR(CheckNumber(tags));
  ORDERFLOW_RETURN_IF_ERROR(CheckTags(tags));
  std::set<std::string> keys;
  for (const workflow::v1::Tag& tag : tags) {
    if (!keys.insert(tag.key()).second) {
      return StatesError("ValidationException",
                         absl::StrCat("Duplicate tag key: '", tag.key(), "'"));
    }
  }
  return Serialize(tags);
}

Tags DecodeTags(const std::string& text) {
  Tags tags;
  const json::ParseResult parsed = json::Parse(text.empty() ? "[]" : text);
  if (!parsed.value || !parsed.value->IsArray()) return tags;
  for (const json::Value& item : parsed.value->AsArray()) {
    workflow::v1::Tag& tag = *tags.Add();
    if (const json::Value* key = item.Find("key")) tag.set_key(key->AsString());
    if (const json::Value* value = item.Find("value")) tag.set_value(value->AsString());
  }
  return tags;
}

absl::StatusOr<std::string> WithTags(const std::string& text, const Tags& added) {
  Tags tags = DecodeTags(text);
  for (const workflow::v1::Tag& tag : added) {
    const auto known = std::find_if(tags.begin(), tags.end(),
                                    [&tag](const auto& other) { return other.key() == tag.key(); });
    (known == tags.end() ? *tags.Add() : *known) = tag;
  }
  ORDERFLOW_RETURN_IF_ERROR(CheckNumber(tags));
  return Serialize(tags);
}

std::string WithoutTags(const std::string& text, const std::vector<std::string>& keys) {
  const Tags tags = DecodeTags(text);
  Tags kept;
  for (const workflow::v1::Tag& tag : tags) {
    if (std::find(keys.begin(), keys.end(), tag.key()) == keys.end()) *kept.Add() = tag;
  }
  return Serialize(kept);
}

}  // namespace orderflow::api
