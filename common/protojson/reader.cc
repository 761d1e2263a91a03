// JSON value -> message.

#include <google/protobuf/message.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/protojson/plan.h"
#include "common/protojson/well_known.h"

namespace orderflow::protojson::internal {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using json::Value;

// Where we are: a chain through the stack, made into text only where something is wrong.
struct Path {
  const Path* parent = nullptr;
  std::string_view member;  // a field, or the key of a map in `key`
  int64_t index = -1;       // of a list
  bool is_key = false;

  std::string ToString() const {
    std::string text = parent == nullptr ? "" : parent->ToString();
    if (index >= 0) return absl::StrCat(text, "[", index, "]");
    if (is_key) return absl::StrCat(text, "[", Quote(member), "]");
    if (!text.empty() && !member.empty()) text += '.';
    return text.append(member);
  }
};

// A place in a message that takes one value: a singular field, or a further item of a repeated one.
struct Slot {
  Message& message;
  const FieldPlan& plan;
  bool add;

  const FieldDescriptor* field() const { return plan.field; }
  const Reflection& reflection() const { return *message.GetReflection(); }

  void Put(int32_t v) {
    add ? reflection().AddInt32(&message, field(), v) : reflection().SetInt32(&message, field(), v);
  }
  void Put(int64_t v) {
    add ? reflection().AddInt64(&message, field(), v) : reflection().SetInt64(&message, field(), v);
  }
  void Put(uint32_t v) {
    add ? reflection().AddUInt32(&message, field(), v)
        : reflection().SetUInt32(&message, field(), v);
  }
  void Put(uint64_t v) {
    add ? reflection().AddUInt64(&message, field(), v)
        : reflection().SetUInt64(&message, field(), v);
  }
  void Put(double v) {
    add ? reflection().AddDouble(&message, field(), v)
        : reflection().SetDouble(&message, field(), v);
  }
  void Put(float v) {
    add ? reflection().AddFloat(&message, field(), v) : reflection().SetFloat(&message, field(), v);
  }
  void Put(bool v) {
    add ? reflection().AddBool(&message, field(), v) : reflection().SetBool(&message, field(), v);
  }
  void Put(std::string v) {
    add ? reflection().AddString(&message, field(), std::move(v))
        : reflection().SetString(&message, field(), std::move(v));
  }
  void PutEnum(int v) {
    add ? reflection().AddEnumValue(&message, field(), v)
        : reflection().SetEnumValue(&message, field(), v);
  }
  Message& PutMessage() {
    return *(add ? reflection().AddMessage(&message, field())
                 : reflection().MutableMessage(&message, field()));
  }
};

// An integer as JSON may say it, if the type holds it: 5, 5.0 or "5".
template <typename Int>
std::optional<Int> ToInteger(const Value& value) {
  if (value.IsInt()) {
    const int64_t number = value.AsInt();
    if constexpr (std::is_same_v<Int, uint64_t>) {
      if (number < 0) return std::nullopt;
    } else if (number < std::numeric_limits<Int>::min() ||
               number > std::numeric_limits<Int>::max()) {
      return std::nullopt;
    }
    return static_cast<Int>(number);
  }
  if (value.IsDouble()) {
    // Beyond 2^53 a double may not be the number that was written.
    const double number = value.AsDouble();
    if (std::trunc(number) != number || std::fabs(number) > 0x1p53) return std::nullopt;
    return ToInteger<Int>(Value(static_cast<int64_t>(number)));
  }
  if (value.IsString()) {
    const std::string& text = value.AsString();
    Int number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
  }
  return std::nullopt;
}

// A number, "NaN", "Infinity", "-Infinity", or a number as text.
std::optional<double> ToDouble(const Value& value) {
  if (value.IsNumber()) return value.AsDouble();
  if (!value.IsString()) return std::nullopt;
  const std::string& text = value.AsString();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<std::string> FromBase64(const std::string& text) {
  std::string bytes;
  if (absl::Base64Unescape(text, &bytes) || absl::WebSafeBase64Unescape(text, &bytes)) return bytes;
  return std::nullopt;
}

class Reader {
 public:
  Reader(const Options& options, std::vector<FieldViolation>& violations)
      : options_(options), violations_(violations) {}

  void ReadMessage(const MessagePlan& plan, const Value& value, Message& message, const Path& path,
                   int depth) {
    if (depth > options_.max_depth) {
      return Report(path, absl::StrCat("nested deeper than ", options_.max_depth, " levels"));
    }
    switch (plan.shape) {
      case Shape::kMessage:
        return ReadMembers(plan, value, message, path, depth);
      case Shape::kTimestamp:
        return ReadTimestamp(value, message, path);
      case Shape::kDuration:
        return ReadDuration(value, message, path);
      case Shape::kStruct:
        return ReadMap(plan.fields[0], value, message, path, depth);
      case Shape::kListValue:
        return ReadList(plan.fields[0], value, message, path, depth);
      case Shape::kValue:
        return ReadValue(plan, value, message, path, depth);
      case Shape::kWrapper:
        return ReadSlot({message, plan.fields[0], false}, value, path, depth);
      case Shape::kAny:
        return ReadAny(plan, value, message, path, depth);
    }
  }

 private:
  bool Full() const { return violations_.size() >= options_.max_violations; }

  void Report(const Path& path, std::string description) {
    if (!Full()) violations_.push_back({path.ToString(), std::move(description)});
  }
  void ReportKind(const Path& path, std::string_view expected, const Value& found) {
    Report(path,
           std::string("expected ").append(expected).append(", found ").append(KindName(found)));
  }

  void ReadMembers(const MessagePlan& plan, const Value& value, Message& message, const Path& path,
                   int depth) {
    if (!value.IsObject()) return ReportKind(path, "an object", value);
    absl::flat_hash_set<const FieldPlan*> seen;  // where names differ in their case only
    for (const json::Member& member : value.AsMembers()) {
      if (Full()) return;
      const Path here = {.parent = &path, .member = member.key};
      if (const FieldPlan* field = plan.Find(member.key)) {
        if (!plan.by_folded_name.empty() && !seen.insert(field).second) {
          Report(here, absl::StrCat("given twice: also in another spelling of ", field->name));
          continue;
        }
        ReadField(*field, value, member, message, here, depth);
      } else if (!options_.ignore_unknown) {
        Report(here,
               absl::StrCat("unknown member; ", plan.type->full_name(), " has no such field"));
      }
    }
    if (plan.has_required) CheckRequired(plan, message, path);
  }

  void CheckRequired(const MessagePlan& plan, const Message& message, const Path& path) {
    for (const FieldPlan& field : plan.fields) {
      if (!field.field->is_required() || message.GetReflection()->HasField(message, field.field))
        continue;
      Report({.parent = &path, .member = field.field->name()}, "required, but absent");
    }
  }

  void ReadField(const FieldPlan& plan, const Value& object, const json::Member& member,
                 Message& message, const Path& path, int depth) {
    if (IsAbsent(plan, member.value)) return;
    const std::string& name = plan.field->name();
    if (member.key != name && object.Find(name) != nullptr) {
      return Report(path, absl::StrCat("given twice: also as ", name));
    }
    if (plan.field->is_map()) return ReadMap(plan, member.value, message, path, depth);
    if (plan.field->is_repeated()) return ReadList(plan, member.value, message, path, depth);
    const Reflection& reflection = *message.GetReflection();
    if (const auto* oneof = plan.field->real_containing_oneof();
        oneof != nullptr && reflection.HasOneof(message, oneof)) {
      const FieldDescriptor* other = reflection.GetOneofFieldDescriptor(message, oneof);
      return Report(path,
                    absl::StrCat("only one of ", other->name(), " and ", name, " may be given"));
    }
    ReadSlot({message, plan, false}, member.value, path, depth);
  }

  // `null` is the same as absent, but where null is a value of the type.
  static bool IsAbsent(const FieldPlan& plan, const Value& value) {
    return value.IsNull() && (plan.field->is_repeated() || !TakesNull(plan));
  }
  static bool TakesNull(const FieldPlan& plan) {
    return (plan.message != nullptr && plan.message->shape == Shape::kValue) ||
           (plan.enumeration != nullptr && plan.enumeration->is_null_value);
  }

  void ReadList(const FieldPlan& plan, const Value& value, Message& message, const Path& path,
                int depth) {
    if (!value.IsArray()) return ReportKind(path, "an array", value);
    int64_t index = 0;
    for (const Value& item : value.AsArray()) {
      if (Full()) return;
      ReadSlot({message, plan, true}, item, {.parent = &path, .index = index++}, depth);
    }
  }

  void ReadMap(const FieldPlan& plan, const Value& value, Message& message, const Path& path,
               int depth) {
    if (!value.IsObject()) return ReportKind(path, "an object", value);
    for (const json::Member& member : value.AsMembers()) {
      if (Full()) return;
      const Path here = {.parent = &path, .member = member.key, .is_key = true};
      Message& entry = *message.GetReflection()->AddMessage(&message, plan.field);
      ReadKey({entry, plan.message->fields[0], false}, member.key, here);
      ReadSlot({entry, plan.message->fields[1], false}, member.value, here, depth);
    }
  }

  // Keys are always texts in JSON.
  void ReadKey(Slot slot, const std::string& key, const Path& path) {
    switch (slot.field()->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return slot.Put(key);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (key == "true" || key == "false") return slot.Put(key == "true");
        return Report(path, "expected \"true\" or \"false\" as key");
      default:
        return ReadScalar(slot, Value(key), path);
    }
  }

  void ReadSlot(Slot slot, const Value& value, const Path& path, int depth) {
    if (slot.plan.message != nullptr) {
      return ReadMessage(*slot.plan.message, value, slot.PutMessage(), path, depth + 1);
    }
    ReadScalar(slot, value, path);
  }

  void ReadScalar(Slot slot, const Value& value, const Path& path) {
    switch (slot.field()->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return ReadInteger<int32_t>(slot, value, path);
      case FieldDescriptor::CPPTYPE_INT64:
        return ReadInteger<int64_t>(slot, value, path);
      case FieldDescriptor::CPPTYPE_UINT32:
        return ReadInteger<uint32_t>(slot, value, path);
      case FieldDescriptor::CPPTYPE_UINT64:
        return ReadInteger<uint64_t>(slot, value, path);
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return ReadNumber(slot, value, path);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.IsBool()) return ReportKind(path, "true or false", value);
        return slot.Put(value.AsBool());
      case FieldDescriptor::CPPTYPE_ENUM:
        return ReadEnum(slot, value, path);
      case FieldDescriptor::CPPTYPE_STRING:
        return ReadText(slot, value, path);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return;  // ReadSlot does not come here with one.
    }
  }

  template <typename Int>
  void ReadInteger(Slot slot, const Value& value, const Path& path) {
    if (const std::optional<Int> number = ToInteger<Int>(value)) return slot.Put(*number);
    std::string expected = absl::StrCat("an integer from ", std::numeric_limits<Int>::min(), " to ",
                                        std::numeric_limits<Int>::max());
    if (value.IsInt())
      return Report(path, absl::StrCat("expected ", expected, ", found ", value.AsInt()));
    ReportKind(path, expected, value);
  }

  void ReadNumber(Slot slot, const Value& value, const Path& path) {
    const std::optional<double> number = ToDouble(value);
    if (!number.has_value()) return ReportKind(path, "a number", value);
    if (slot.field()->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) return slot.Put(*number);
    if (std::isfinite(*number) && std::fabs(*number) > std::numeric_limits<float>::max()) {
      return Report(path, "expected a number that a 32-bit float holds");
    }
    slot.Put(static_cast<float>(*number));
  }

  void ReadEnum(Slot slot, const Value& value, const Path& path) {
    const EnumPlan& plan = *slot.plan.enumeration;
    if (plan.is_null_value && value.IsNull()) return slot.PutEnum(0);
    if (value.IsString()) {
      auto known = plan.numbers.find(value.AsString());
      if (known != plan.numbers.end()) return slot.PutEnum(known->second);
      return Report(path, absl::StrCat("unknown value ", Quote(value.AsString()), "; expected ",
                                       NamesOf(plan)));
    }
    const std::optional<int32_t> number = ToInteger<int32_t>(value);
    if (!number.has_value()) return ReportKind(path, NamesOf(plan), value);
    if (plan.closed && !plan.names.contains(*number)) {
      return Report(path, absl::StrCat("unknown value ", *number, "; expected ", NamesOf(plan)));
    }
    slot.PutEnum(*number);
  }

  static std::string NamesOf(const EnumPlan& plan) {
    constexpr int kMaxShown = 12;
    std::string names = "one of";
    for (int i = 0; i < plan.type->value_count(); ++i) {
      if (i == kMaxShown) return names + ", ...";
      absl::StrAppend(&names, i == 0 ? " " : ", ",
                      plan.names.at(plan.type->value(i)->number()).AsString());
    }
    return names;
  }

  void ReadText(Slot slot, const Value& value, const Path& path) {
    const bool bytes = slot.field()->type() == FieldDescriptor::TYPE_BYTES;
    const bool is_data = value.IsObject() || value.IsArray();
    if (options_.names == Options::Names::kAws && is_data && !bytes)
      return slot.Put(json::Serialize(value));
    if (!value.IsString()) return ReportKind(path, bytes ? "base64 text" : "a string", value);
    if (!bytes) return slot.Put(value.AsString());
    std::optional<std::string> content = FromBase64(value.AsString());
    if (!content.has_value()) return Report(path, "expected base64 text");
    slot.Put(*std::move(content));
  }

  void PutTime(const SecondsAndNanos& time, Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    message.GetReflection()->SetInt64(&message, type.FindFieldByNumber(1), time.seconds);
    message.GetReflection()->SetInt32(&message, type.FindFieldByNumber(2), time.nanos);
  }

  void ReadTimestamp(const Value& value, Message& message, const Path& path) {
    std::optional<SecondsAndNanos> time;
    if (value.IsString()) time = ParseTimestamp(value.AsString());
    if (value.IsNumber()) time = TimestampFromEpochSeconds(value);
    if (time.has_value()) return PutTime(*time, message);
    Report(path,
           "expected a time as of RFC 3339, such as \"2024-05-01T12:00:00Z\", from year 1 to 9999");
  }

  void ReadDuration(const Value& value, Message& message, const Path& path) {
    const std::optional<SecondsAndNanos> span =
        value.IsString() ? ParseDuration(value.AsString()) : std::nullopt;
    if (span.has_value()) return PutTime(*span, message);
    Report(path, "expected a duration in seconds, such as \"3.5s\", of at most 315576000000s");
  }

  // google.protobuf.Value: one field for each kind. It has doubles only, so that not all integers
  // fit.
  void ReadValue(const MessagePlan& plan, const Value& value, Message& message, const Path& path,
                 int depth) {
    auto slot = [&](int number) {
      return Slot{message, plan.fields[static_cast<size_t>(number) - 1], false};
    };
    switch (value.kind()) {
      case json::Kind::kNull:
        return slot(1).PutEnum(0);
      case json::Kind::kInt:
        if (Value(value.AsDouble()) != value) {
          return Report(
              path, absl::StrCat("google.protobuf.Value cannot hold the integer ", value.AsInt()));
        }
        [[fallthrough]];
      case json::Kind::kDouble:
        return slot(2).Put(value.AsDouble());
      case json::Kind::kString:
        return slot(3).Put(value.AsString());
      case json::Kind::kBool:
        return slot(4).Put(value.AsBool());
      case json::Kind::kObject:
        return ReadSlot(slot(5), value, path, depth);
      case json::Kind::kArray:
        return ReadSlot(slot(6), value, path, depth);
    }
  }

  // {"@type": "type.googleapis.com/package.Type", ...members}, or with one member "value" where the
  // type has a JSON form of its own. Rare: the plan is made anew.
  void ReadAny(const MessagePlan& plan, const Value& value, Message& message, const Path& path,
               int depth) {
    if (!value.IsObject()) return ReportKind(path, "an object with \"@type\"", value);
    const Value* url = value.Find("@type");
    const Path type_path = {.parent = &path, .member = "@type"};
    if (url == nullptr || !url->IsString())
      return Report(type_path, "expected the URL of a message type");
    const std::string& text = url->AsString();
    const size_t slash = text.rfind('/');
    const Descriptor* type =
        slash == std::string::npos
            ? nullptr
            : plan.type->file()->pool()->FindMessageTypeByName(text.substr(slash + 1));
    const Message* prototype =
        type == nullptr ? nullptr
                        : message.GetReflection()->GetMessageFactory()->GetPrototype(type);
    if (prototype == nullptr)
      return Report(type_path, absl::StrCat("unknown message type ", Quote(text)));
    const Plans plans(*type, options_);
    std::unique_ptr<Message> content(prototype->New());
    const bool plain = plans.root().shape == Shape::kMessage;
    const Value* inner = plain ? nullptr : value.Find("value");
    ReadMessage(plans.root(),
                plain              ? Without(value, "@type")
                : inner == nullptr ? Value()
                                   : *inner,
                *content, path, depth + 1);
    if (!content->IsInitialized()) return;  // CheckRequired has reported it.
    Slot{message, plan.fields[0], false}.Put(text);
    Slot{message, plan.fields[1], false}.Put(content->SerializeAsString());
  }

  static Value Without(const Value& object, std::string_view name) {
    json::Members members;
    for (const json::Member& member : object.AsMembers()) {
      if (member.key != name) members.push_back(member);
    }
    return Value::FromMembers(std::move(members));
  }

  const Options& options_;
  std::vector<FieldViolation>& violations_;
};

}  // namespace

void Read(const MessagePlan& plan, const Options& options, const Value& value, Message& message,
          std::vector<FieldViolation>& violations) {
  Reader(options, violations).ReadMessage(plan, value, message, Path(), 1);
}

}  // namespace orderflow::protojson::internal
