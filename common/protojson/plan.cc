#include "common/protojson/plan.h"

#include "absl/strings/ascii.h"

namespace orderflow::protojson::internal {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

Shape ShapeOf(const Descriptor& type) {
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return Shape::kTimestamp;
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return Shape::kDuration;
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return Shape::kStruct;
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return Shape::kValue;
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return Shape::kListValue;
    case Descriptor::WELLKNOWNTYPE_ANY:
      return Shape::kAny;
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return Shape::kWrapper;
    default:  // FieldMask is written as the message that it is.
      return Shape::kMessage;
  }
}

// "EXECUTION_STATUS_" for ExecutionStatus: what the style guide puts before each value.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    const bool new_word =
        absl::ascii_isupper(c) && !prefix.empty() && !absl::ascii_isupper(prefix.back());
    if (new_word) prefix += '_';
    prefix += c;
  }
  absl::AsciiStrToUpper(&prefix);
  return prefix + "_";
}

// The value's name without the prefix, or all of it where it has none or nothing would be left.
std::string ShortName(const std::string& name, const std::string& prefix) {
  const bool has_prefix =
      name.size() > prefix.size() && name.compare(0, prefix.size(), prefix) == 0;
  return has_prefix ? name.substr(prefix.size()) : name;
}

// What protoc makes of `topic_arn` where nothing else is said: `topicArn`.
std::string DefaultJsonName(const std::string& name) {
  std::string json;
  bool capital = false;
  for (const char c : name) {
    if (c != '_') json += capital ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
    capital = c == '_';
  }
  return json;
}

std::string NameOf(const FieldDescriptor& field, Options::Names names) {
  if (names == Options::Names::kProto) return field.name();
  std::string name = field.json_name();
  const bool is_given = name != DefaultJsonName(field.name());
  if (names == Options::Names::kAws && !is_given && !name.empty())
    name[0] = absl::ascii_toupper(static_cast<unsigned char>(name[0]));
  return name;
}

}  // namespace

Plans::Plans(const Descriptor& root, const Options& options) : options_(options) {
  root_ = &Add(root);
  while (!unfilled_.empty()) {
    MessagePlan* next = unfilled_.back();
    unfilled_.pop_back();
    Fill(*next);
  }
}

MessagePlan& Plans::Add(const Descriptor& type) {
  std::unique_ptr<MessagePlan>& plan = messages_[&type];
  if (plan == nullptr) {
    plan = std::make_unique<MessagePlan>();
    plan->type = &type;
    plan->shape = ShapeOf(type);
    unfilled_.push_back(plan.get());
  }
  return *plan;
}

void Plans::Fill(MessagePlan& plan) {
  plan.fields.reserve(static_cast<size_t>(plan.type->field_count()));
  for (int i = 0; i < plan.type->field_count(); ++i) {
    const FieldDescriptor& field = *plan.type->field(i);
    FieldPlan& entry = plan.fields.emplace_back();
    entry.field = &field;
    entry.name = NameOf(field, options_.names);
    if (field.message_type() != nullptr) entry.message = &Add(*field.message_type());
    if (field.enum_type() != nullptr) entry.enumeration = AddEnum(*field.enum_type());
    plan.has_required |= field.is_required();
  }
  // A proto name wins over the same JSON name of another field.
  for (const FieldPlan& entry : plan.fields) plan.by_name.emplace(entry.field->name(), &entry);
  for (const FieldPlan& entry : plan.fields) plan.by_name.emplace(entry.field->json_name(), &entry);
  if (options_.names != Options::Names::kAws) return;
  for (const FieldPlan& entry : plan.fields) {
    plan.by_folded_name.emplace(absl::AsciiStrToLower(entry.field->name()), &entry);
    plan.by_folded_name.emplace(absl::AsciiStrToLower(entry.field->json_name()), &entry);
  }
}

const FieldPlan* MessagePlan::Find(const std::string& name) const {
  if (const auto known = by_name.find(name); known != by_name.end()) return known->second;
  if (by_folded_name.empty()) return nullptr;
  const auto known = by_folded_name.find(absl::AsciiStrToLower(name));
  return known == by_folded_name.end() ? nullptr : known->second;
}

const EnumPlan* Plans::AddEnum(const EnumDescriptor& type) {
  std::unique_ptr<EnumPlan>& plan = enums_[&type];
  if (plan != nullptr) return plan.get();
  plan = std::make_unique<EnumPlan>();
  plan->type = &type;
  plan->closed = type.file()->syntax() != google::protobuf::FileDescriptor::SYNTAX_PROTO3;
  plan->is_null_value = type.full_name() == "google.protobuf.NullValue";
  const std::string prefix = PrefixOf(type);
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    const std::string written =
        options_.strip_enum_prefix ? ShortName(value.name(), prefix) : value.name();
    plan->numbers.emplace(value.name(), value.number());
    plan->numbers.emplace(written, value.number());
    plan->names.emplace(value.number(), json::Value(written));
  }
  return plan.get();
}

const char* KindName(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull:
      return "null";
    case json::Kind::kBool:
      return "a boolean";
    case json::Kind::kInt:
      return "an integer";
    case json::Kind::kDouble:
      return "a number with a fraction or an exponent";
    case json::Kind::kString:
      return "a string";
    case json::Kind::kArray:
      return "an array";
    case json::Kind::kObject:
      return "an object";
  }
  return "nothing known";
}

}  // namespace orderflow::protojson::internal
