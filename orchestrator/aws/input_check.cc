#include "orchestrator/aws/input_check.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace orderflow::aws {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using json::Value;

constexpr size_t kMaxShown = 100;

const char* KindOf(const Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull:
      return "null";
    case json::Kind::kBool:
      return "a boolean";
    case json::Kind::kInt:
    case json::Kind::kDouble:
      return "a number";
    case json::Kind::kString:
      return "a string";
    case json::Kind::kArray:
      return "a list";
    case json::Kind::kObject:
      return "a structure";
  }
  return "";
}

Fault WrongType(const std::string& path, std::string_view expected, const Value& found) {
  return {400, "SerializationException",
          absl::StrCat(path, " must be ", std::string(expected), ", not ", KindOf(found))};
}

// What an operation cannot do without, by the service's description. Not here: CreateStateMachine's
// role, which nobody needs in this engine.
struct Required {
  std::string_view request;
  std::vector<std::string_view> members;
};
const std::vector<Required>& AllRequired() {
  static const auto* const kAll = new std::vector<Required>{
      {"CreateActivityRequest", {"name"}},
      {"CreateStateMachineAliasRequest", {"name", "routingConfiguration"}},
      {"CreateStateMachineRequest", {"name", "definition"}},
      {"DeleteActivityRequest", {"activityArn"}},
      {"DeleteStateMachineAliasRequest", {"stateMachineAliasArn"}},
      {"DeleteStateMachineRequest", {"stateMachineArn"}},
      {"DeleteStateMachineVersionRequest", {"stateMachineVersionArn"}},
      {"DescribeActivityRequest", {"activityArn"}},
      {"DescribeExecutionRequest", {"executionArn"}},
      {"DescribeMapRunRequest", {"mapRunArn"}},
      {"DescribeStateMachineAliasRequest", {"stateMachineAliasArn"}},
      {"DescribeStateMachineForExecutionRequest", {"executionArn"}},
      {"DescribeStateMachineRequest", {"stateMachineArn"}},
      {"GetActivityTaskRequest", {"activityArn"}},
      {"GetExecutionHistoryRequest", {"executionArn"}},
      {"ListMapRunsRequest", {"executionArn"}},
      {"ListStateMachineAliasesRequest", {"stateMachineArn"}},
      {"ListStateMachineVersionsRequest", {"stateMachineArn"}},
      {"ListTagsForResourceRequest", {"resourceArn"}},
      {"PublishStateMachineVersionRequest", {"stateMachineArn"}},
      {"RedriveExecutionRequest", {"executionArn"}},
      {"SendTaskFailureRequest", {"taskToken"}},
      {"SendTaskHeartbeatRequest", {"taskToken"}},
      {"SendTaskSuccessRequest", {"taskToken", "output"}},
      {"StartExecutionRequest", {"stateMachineArn"}},
      {"StartSyncExecutionRequest", {"stateMachineArn"}},
      {"StopExecutionRequest", {"executionArn"}},
      {"TagResourceRequest", {"resourceArn", "tags"}},
      {"TestStateRequest", {"definition"}},
      {"UntagResourceRequest", {"resourceArn", "tagKeys"}},
      {"UpdateMapRunRequest", {"mapRunArn"}},
      {"UpdateStateMachineAliasRequest", {"stateMachineAliasArn"}},
      {"UpdateStateMachineRequest", {"stateMachineArn"}},
      {"ValidateStateMachineDefinitionRequest", {"definition"}},
  };
  return *kAll;
}

Fault Violations(const std::vector<std::string>& violations) {
  return {400, "ValidationException",
          absl::StrCat(violations.size(), " validation error", violations.size() == 1 ? "" : "s",
                       " detected: ", absl::StrJoin(violations, "; "))};
}

std::string NullAt(const std::string& path) {
  return absl::StrCat("Value null at '", path,
                      "' failed to satisfy constraint: Member must not be null");
}

std::optional<Fault> CheckRequired(const Value& input, const google::protobuf::Descriptor& type) {
  for (const Required& required : AllRequired()) {
    if (absl::string_view(required.request.data(), required.request.size()) != type.name())
      continue;
    std::vector<std::string> violations;
    for (const std::string_view member : required.members) {
      const Value* value = input.Find(member);
      if (value == nullptr || value->IsNull()) violations.push_back(NullAt(std::string(member)));
    }
    if (!violations.empty()) return Violations(violations);
  }
  return std::nullopt;
}

// Where the service's tables keep a text: Java's hash code of it (which is defined on UTF-16 units;
// our names are ASCII), in 32 buckets.
uint32_t BucketOf(std::string_view name) {
  uint32_t hash = 0;
  for (const char c : name) hash = 31 * hash + static_cast<unsigned char>(c);
  return hash % 32;
}

// The values as AWS names them: without the prefix that they share, and without UNSPECIFIED. In the
// order in which the service lists them: that of a hash table, the later one first in a bucket.
std::vector<std::string> ValuesOf(const EnumDescriptor& type) {
  // EXECUTION_STATUS_UNSPECIFIED gives the prefix.
  constexpr std::string_view kUnspecified = "UNSPECIFIED";
  const size_t prefix = type.value(0)->name().size() - kUnspecified.size();
  std::vector<std::string> values;
  for (int i = type.value_count() - 1; i > 0; --i) {
    values.push_back(type.value(i)->name().substr(prefix));
  }
  std::stable_sort(values.begin(), values.end(), [](const std::string& a, const std::string& b) {
    return BucketOf(a) < BucketOf(b);
  });
  return values;
}

std::optional<Fault> CheckEnum(const std::string& path, const Value& value,
                               const EnumDescriptor& type) {
  if (!value.IsString()) return WrongType(path, "a string", value);
  const std::vector<std::string> values = ValuesOf(type);
  for (const std::string& known : values) {
    if (known == value.AsString()) return std::nullopt;
  }
  return Violations(
      {absl::StrCat("Value '", absl::CEscape(value.AsString().substr(0, kMaxShown)), "' at '", path,
                    "' failed to satisfy constraint: Member must satisfy enum value set: [",
                    absl::StrJoin(values, ", "), "]")});
}

std::optional<Fault> CheckMembers(const std::string& path, const Value& value,
                                  const google::protobuf::Descriptor& type);

std::optional<Fault> CheckValue(const std::string& path, const Value& value,
                                const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return value.IsString() ? std::nullopt : std::optional(WrongType(path, "a string", value));
    case FieldDescriptor::CPPTYPE_BOOL:
      return value.IsBool() ? std::nullopt : std::optional(WrongType(path, "a boolean", value));
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(path, value, *field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return value.IsObject() ? CheckMembers(path, value, *field.message_type())
                              : WrongType(path, "a structure", value);
    default:
      return value.IsNumber() ? std::nullopt : std::optional(WrongType(path, "a number", value));
  }
}

std::optional<Fault> CheckMember(const std::string& path, const Value& value,
                                 const FieldDescriptor& field) {
  if (value.IsNull()) return std::nullopt;  // as if it were absent
  if (!field.is_repeated()) return CheckValue(path, value, field);
  if (!value.IsArray()) return WrongType(path, "a list", value);
  size_t index = 0;
  for (const Value& item : value.AsArray()) {
    const std::string at = absl::StrCat(path, "[", index++, "]");
    if (auto fault = CheckValue(at, item, field)) return fault;
  }
  return std::nullopt;
}

std::optional<Fault> CheckMembers(const std::string& path, const Value& value,
                                  const google::protobuf::Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const Value* member = value.Find(field.json_name());
    if (member == nullptr) continue;
    const std::string at = path.empty() ? field.json_name() : path + "." + field.json_name();
    if (member->IsNull() && !path.empty()) return Violations({NullAt(at)});
    if (auto fault = CheckMember(at, *member, field)) return fault;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fault> CheckInput(const Value& input, const google::protobuf::Descriptor& type) {
  if (auto fault = CheckMembers("", input, type)) return fault;
  return CheckRequired(input, type);
}

}  // namespace orderflow::aws
