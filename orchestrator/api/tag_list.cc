#include "orchestrator/api/tag_list.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {

absl::StatusOr<std::string> EncodeTags(
    const google::protobuf::RepeatedPtrField<workflow::v1::Tag>& tags) {
  if (tags.empty()) return std::string();
  if (static_cast<size_t>(tags.size()) > kMaxTags) {
    return StatesError("TooManyTags", absl::StrCat("Too many tags: ", tags.size(),
                                                   " given, at most ", kMaxTags, " allowed"));
  }
  json::Array items;
  std::set<std::string> keys;
  for (const workflow::v1::Tag& tag : tags) {
    ORDERFLOW_RETURN_IF_ERROR(CheckLength("tags.member.key", tag.key(), 1, 128));
    ORDERFLOW_RETURN_IF_ERROR(CheckLength("tags.member.value", tag.value(), 0, 256));
    if (!keys.insert(tag.key()).second) {
      return StatesError("ValidationException",
                         absl::StrCat("Duplicate tag key: '", tag.key(), "'"));
    }
    items.push_back(json::Value::Object({{"key", tag.key()}, {"value", tag.value()}}));
  }
  return json::Serialize(json::Value::FromArray(std::move(items)));
}

}  // namespace orderflow::api
