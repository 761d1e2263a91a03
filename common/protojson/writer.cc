// Message -> JSON value.

#include <google/protobuf/message.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/protojson/plan.h"
#include "common/protojson/well_known.h"

namespace orderflow::protojson::internal {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using json::Value;

// The double that is written with the digits the float needs: 0.1f is 0.1, not 0.10000000149011612.
double Widen(float value) {
  char text[64];
  auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  double wide = value;
  if (error == std::errc()) std::from_chars(text, end, wide);
  return wide;
}

Value FromDouble(double value) {
  if (std::isfinite(value)) return Value(value);
  if (std::isnan(value)) return Value("NaN");
  return Value(value > 0 ? "Infinity" : "-Infinity");
}

Value FromUnsigned(uint64_t value) {
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Value(static_cast<int64_t>(value));
  }
  return Value(std::to_string(value));
}

// The number of a google.protobuf.Value: an integer where it is one, as it does not tell 3
// from 3.0.
Value FromDynamicNumber(double value) {
  if (std::trunc(value) == value && std::fabs(value) <= 0x1p53)
    return Value(static_cast<int64_t>(value));
  return FromDouble(value);
}

// Reads a field, or one item of a repeated one.
struct Source {
  const Message& message;
  const FieldPlan& plan;
  int index = -1;  // -1: the field is singular

  const FieldDescriptor* field() const { return plan.field; }
  const Reflection& reflection() const { return *message.GetReflection(); }

  int32_t Int32() const {
    return index < 0 ? reflection().GetInt32(message, field())
                     : reflection().GetRepeatedInt32(message, field(), index);
  }
  int64_t Int64() const {
    return index < 0 ? reflection().GetInt64(message, field())
                     : reflection().GetRepeatedInt64(message, field(), index);
  }
  uint32_t UInt32() const {
    return index < 0 ? reflection().GetUInt32(message, field())
                     : reflection().GetRepeatedUInt32(message, field(), index);
  }
  uint64_t UInt64() const {
    return index < 0 ? reflection().GetUInt64(message, field())
                     : reflection().GetRepeatedUInt64(message, field(), index);
  }
  double Double() const {
    return index < 0 ? reflection().GetDouble(message, field())
                     : reflection().GetRepeatedDouble(message, field(), index);
  }
  float Float() const {
    return index < 0 ? reflection().GetFloat(message, field())
                     : reflection().GetRepeatedFloat(message, field(), index);
  }
  bool Bool() const {
    return index < 0 ? reflection().GetBool(message, field())
                     : reflection().GetRepeatedBool(message, field(), index);
  }
  int Enum() const {
    return index < 0 ? reflection().GetEnumValue(message, field())
                     : reflection().GetRepeatedEnumValue(message, field(), index);
  }
  const std::string& Text(std::string& scratch) const {
    return index < 0 ? reflection().GetStringReference(message, field(), &scratch)
                     : reflection().GetRepeatedStringReference(message, field(), index, &scratch);
  }
  const Message& Inner() const {
    return index < 0 ? reflection().GetMessage(message, field())
                     : reflection().GetRepeatedMessage(message, field(), index);
  }
};

class Writer {
 public:
  explicit Writer(const Options& options) : options_(options) {}

  absl::Status status() const { return status_; }

  Value WriteMessage(const MessagePlan& plan, const Message& message, int depth) {
    if (depth > options_.max_depth) {
      return Fail(*plan.type, absl::StrCat("nested deeper than ", options_.max_depth, " levels"));
    }
    switch (plan.shape) {
      case Shape::kMessage:
        return Value::FromMembers(MembersOf(plan, message, depth));
      case Shape::kTimestamp:
        return WriteTimestamp(plan, message);
      case Shape::kDuration:
        return WriteDuration(plan, message);
      case Shape::kStruct:
        return WriteMap(plan.fields[0], message, depth);
      case Shape::kListValue:
        return WriteList(plan.fields[0], message, depth);
      case Shape::kValue:
        return WriteValue(plan, message, depth);
      case Shape::kWrapper:
        return WriteOne({message, plan.fields[0]}, depth);
      case Shape::kAny:
        return WriteAny(plan, message, depth);
    }
    return Value();
  }

 private:
  // The first problem counts.
  Value Fail(const Descriptor& type, std::string_view what) {
    if (status_.ok())
      status_ = absl::InvalidArgumentError(std::string(type.full_name()).append(": ").append(what));
    return Value();
  }

  json::Members MembersOf(const MessagePlan& plan, const Message& message, int depth) {
    json::Members members;
    members.reserve(plan.fields.size());
    const Reflection& reflection = *message.GetReflection();
    for (const FieldPlan& field : plan.fields) {
      const bool repeated = field.field->is_repeated();
      // Without presence HasField is false for the default value.
      const bool must_hold = options_.omit_defaults || field.field->has_presence();
      if (must_hold && !repeated && !reflection.HasField(message, field.field)) continue;
      if (must_hold && repeated && reflection.FieldSize(message, field.field) == 0) continue;
      if (options_.omit_empty && IsEmpty(*field.field, message, depth)) continue;
      members.push_back({field.name, WriteField(field, message, depth)});
    }
    return members;
  }

  // As omit_empty means it.
  bool IsEmpty(const FieldDescriptor& field, const Message& message, int depth) const {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      const bool kept = depth == 1 && !field.is_map();
      return !kept && reflection.FieldSize(message, &field) == 0;
    }
    const bool may_be_empty = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
                              field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
    return depth == 1 && may_be_empty && !field.has_presence() &&
           !reflection.HasField(message, &field);
  }

  Value WriteField(const FieldPlan& field, const Message& message, int depth) {
    if (field.field->is_map()) return WriteMap(field, message, depth);
    if (field.field->is_repeated()) return WriteList(field, message, depth);
    return WriteOne({message, field}, depth);
  }

  Value WriteList(const FieldPlan& field, const Message& message, int depth) {
    const int count = message.GetReflection()->FieldSize(message, field.field);
    json::Array items;
    items.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) items.push_back(WriteOne({message, field, i}, depth));
    return Value::FromArray(std::move(items));
  }

  // Sorted by key, as a map has no order of its own and the same message shall give the same value.
  Value WriteMap(const FieldPlan& field, const Message& message, int depth) {
    const int count = message.GetReflection()->FieldSize(message, field.field);
    json::Members members;
    members.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field.field, i);
      members.push_back({WriteKey({entry, field.message->fields[0]}),
                         WriteOne({entry, field.message->fields[1]}, depth)});
    }
    std::sort(members.begin(), members.end(),
              [](const json::Member& a, const json::Member& b) { return a.key < b.key; });
    return Value::FromMembers(std::move(members));
  }

  std::string WriteKey(const Source& source) {
    const Value key = WriteOne(source, 0);
    return key.IsString() ? key.AsString() : json::Serialize(key);
  }

  Value WriteOne(const Source& source, int depth) {
    switch (source.field()->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Value(int64_t{source.Int32()});
      case FieldDescriptor::CPPTYPE_INT64:
        return Value(source.Int64());
      case FieldDescriptor::CPPTYPE_UINT32:
        return Value(int64_t{source.UInt32()});
      case FieldDescriptor::CPPTYPE_UINT64:
        return FromUnsigned(source.UInt64());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return FromDouble(source.Double());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return FromDouble(Widen(source.Float()));
      case FieldDescriptor::CPPTYPE_BOOL:
        return Value(source.Bool());
      case FieldDescriptor::CPPTYPE_ENUM:
        return WriteEnum(*source.plan.enumeration, source.Enum());
      case FieldDescriptor::CPPTYPE_STRING:
        return WriteText(source);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WriteMessage(*source.plan.message, source.Inner(), depth + 1);
    }
    return Value();
  }

  // A number that this version of the type does not name stays a number.
  Value WriteEnum(const EnumPlan& plan, int number) {
    if (plan.is_null_value) return Value();
    auto known = plan.names.find(number);
    return known == plan.names.end() ? Value(number) : known->second;
  }

  Value WriteText(const Source& source) {
    std::string scratch;
    const std::string& text = source.Text(scratch);
    if (source.field()->type() == FieldDescriptor::TYPE_BYTES)
      return Value(absl::Base64Escape(text));
    if (json::IsUtf8(text)) return Value(text);
    return Fail(*source.field()->containing_type(),
                absl::StrCat("field ", source.field()->name(), " is not UTF-8"));
  }

  SecondsAndNanos TimeOf(const MessagePlan& plan, const Message& message) {
    return {Source{message, plan.fields[0]}.Int64(), Source{message, plan.fields[1]}.Int32()};
  }

  Value WriteTimestamp(const MessagePlan& plan, const Message& message) {
    const SecondsAndNanos time = TimeOf(plan, message);
    if (options_.times == Options::Times::kEpochSeconds) {
      if (std::optional<Value> number = EpochSecondsFromTimestamp(time)) return *number;
    } else if (std::optional<std::string> text = FormatTimestamp(time)) {
      return Value(*std::move(text));
    }
    return Fail(*plan.type, "out of range: years 1 to 9999, nanos 0 to 999999999");
  }

  Value WriteDuration(const MessagePlan& plan, const Message& message) {
    if (std::optional<std::string> text = FormatDuration(TimeOf(plan, message)))
      return Value(*std::move(text));
    return Fail(*plan.type, "out of range: 315576000000 seconds each way, parts of the same sign");
  }

  Value WriteValue(const MessagePlan& plan, const Message& message, int depth) {
    const FieldDescriptor* set =
        message.GetReflection()->GetOneofFieldDescriptor(message, plan.type->oneof_decl(0));
    if (set == nullptr) return Value();
    const Source source = {message, plan.fields[static_cast<size_t>(set->index())]};
    if (set->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE)
      return FromDynamicNumber(source.Double());
    return WriteOne(source, depth);
  }

  // {"@type": url, ...members}; "value" for types with a JSON form of their own; for a type that is
  // not known here, its bytes as base64 in "value". Rare: the plan is made anew.
  Value WriteAny(const MessagePlan& plan, const Message& message, int depth) {
    std::string url_scratch, bytes_scratch;
    const std::string& url = Source{message, plan.fields[0]}.Text(url_scratch);
    const std::string& bytes = Source{message, plan.fields[1]}.Text(bytes_scratch);
    if (url.empty() && bytes.empty()) return Value::Object({});
    if (!json::IsUtf8(url)) return Fail(*plan.type, "type_url is not UTF-8");
    const Descriptor* type =
        plan.type->file()->pool()->FindMessageTypeByName(url.substr(url.rfind('/') + 1));
    const Message* prototype =
        type == nullptr ? nullptr
                        : message.GetReflection()->GetMessageFactory()->GetPrototype(type);
    std::unique_ptr<Message> content(prototype == nullptr ? nullptr : prototype->New());
    if (content == nullptr || !content->ParseFromString(bytes)) {
      return Value::Object({{"@type", url}, {"value", absl::Base64Escape(bytes)}});
    }
    const Plans plans(*type, options_);
    const Value inner = WriteMessage(plans.root(), *content, depth + 1);
    if (plans.root().shape != Shape::kMessage)
      return Value::Object({{"@type", url}, {"value", inner}});
    if (!status_.ok()) return Value();
    json::Members members = {{"@type", url}};
    members.insert(members.end(), inner.AsMembers().begin(), inner.AsMembers().end());
    return Value::FromMembers(std::move(members));
  }

  const Options& options_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Value> Write(const MessagePlan& plan, const Options& options,
                            const Message& message) {
  Writer writer(options);
  Value value = writer.WriteMessage(plan, message, 1);
  if (!writer.status().ok()) return writer.status();
  return value;
}

}  // namespace orderflow::protojson::internal
