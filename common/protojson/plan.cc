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
    entry.name = options_.names == Options::Names::kJson ? field.json_name() : field.name();
    if (field.message_type() != nullptr) entry.message = &Add(*field.message_type());
    if (field.enum_type() != nullptr) entry.enumeration = AddEnum(*field.enum_type());
    plan.has_required |= field.is_required();
  }
  // A proto name wins over the same JSON name of another field.
  for (const FieldPlan& entry : plan.fields) plan.by_name.emplace(entry.field->name(), &entry);
  for (const FieldPlan& entry : plan.fields) plan.by_name.emplace(entry.field->json_name(), &entry);
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
