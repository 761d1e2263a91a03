#include "orchestrator/tasks/message_types.h"

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace orderflow::tasks {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using typecheck::PlainType;
using typecheck::Type;
using Kind = typecheck::Type::Kind;

template <typename Int>
Type IntegerType() {
  Type type;
  type.kind = Kind::kInteger;
  type.min = static_cast<int64_t>(std::numeric_limits<Int>::min());
  type.max = static_cast<uint64_t>(std::numeric_limits<Int>::max());
  return type;
}

// The types of messages and of all that they reach, each once.
class Builder {
 public:
  explicit Builder(std::shared_ptr<const void> owner) : owner_(std::move(owner)) {}

  const Type* OfMessage(const Descriptor& message) {
    if (const auto known = messages_.find(&message); known != messages_.end()) return known->second;
    if (const Type* special = OfWellKnown(message)) return special;
    Type& type = Add(Kind::kObject);
    type.name = message.full_name();
    messages_.emplace(&message, &type);
    unfilled_.emplace_back(&message, &type);
    return &type;
  }

  // Messages that were met on the way; not by recursion, as chains of types may be long.
  void Fill() {
    while (!unfilled_.empty()) {
      const auto [message, type] = unfilled_.back();
      unfilled_.pop_back();
      type->members.reserve(static_cast<size_t>(message->field_count()));
      for (int i = 0; i < message->field_count(); ++i) {
        const FieldDescriptor& field = *message->field(i);
        type->members.push_back(
            {.name = field.name(), .other_name = field.json_name(), .type = OfField(field)});
      }
    }
  }

 private:
  Type& Add(Kind kind) {
    Type& type = types_.emplace_back();
    type.kind = kind;
    return type;
  }

  const Type* Keep(Type type) { return &types_.emplace_back(std::move(type)); }

  // Null for a message that is written as such.
  const Type* OfWellKnown(const Descriptor& message) {
    switch (message.well_known_type()) {
      case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        return PlainType(Kind::kTime);
      case Descriptor::WELLKNOWNTYPE_DURATION:
        return PlainType(Kind::kDuration);
      case Descriptor::WELLKNOWNTYPE_STRUCT:
        return PlainType(Kind::kMap);
      case Descriptor::WELLKNOWNTYPE_VALUE:
        return PlainType(Kind::kAny);
      case Descriptor::WELLKNOWNTYPE_LISTVALUE:
        return PlainType(Kind::kList);
      case Descriptor::WELLKNOWNTYPE_ANY:
        return PlainType(Kind::kObject);
      case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
      case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
      case Descriptor::WELLKNOWNTYPE_INT64VALUE:
      case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
      case Descriptor::WELLKNOWNTYPE_INT32VALUE:
      case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
      case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
      case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
      case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
        return OfValue(*message.field(0));
      default:
        return nullptr;
    }
  }

  const Type* OfField(const FieldDescriptor& field) {
    if (!field.is_repeated()) return OfValue(field);
    Type& type = Add(field.is_map() ? Kind::kMap : Kind::kList);
    type.item = OfValue(field.is_map() ? *field.message_type()->map_value() : field);
    return &type;
  }

  const Type* OfValue(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Keep(IntegerType<int32_t>());
      case FieldDescriptor::CPPTYPE_INT64:
        return Keep(IntegerType<int64_t>());
      case FieldDescriptor::CPPTYPE_UINT32:
        return Keep(IntegerType<uint32_t>());
      case FieldDescriptor::CPPTYPE_UINT64:
        return Keep(IntegerType<uint64_t>());
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return PlainType(Kind::kNumber);
      case FieldDescriptor::CPPTYPE_BOOL:
        return PlainType(Kind::kBool);
      case FieldDescriptor::CPPTYPE_ENUM:
        return OfEnum(*field.enum_type());
      case FieldDescriptor::CPPTYPE_STRING:
        return PlainType(field.type() == FieldDescriptor::TYPE_BYTES ? Kind::kBytes : Kind::kText);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return OfMessage(*field.message_type());
    }
    return typecheck::AnyType();
  }

  const Type* OfEnum(const EnumDescriptor& enumeration) {
    const auto [entry, is_new] = enums_.try_emplace(&enumeration);
    if (!is_new) return entry->second;
    if (enumeration.full_name() == "google.protobuf.NullValue")
      return entry->second = PlainType(Kind::kAny);
    Type& type = Add(Kind::kEnum);
    type.name = enumeration.full_name();
    for (int i = 0; i < enumeration.value_count(); ++i)
      type.values.push_back(enumeration.value(i)->name());
    return entry->second = &type;
  }

  const std::shared_ptr<const void> owner_;
  std::deque<Type> types_;
  absl::flat_hash_map<const Descriptor*, const Type*> messages_;
  absl::flat_hash_map<const EnumDescriptor*, const Type*> enums_;
  std::vector<std::pair<const Descriptor*, Type*>> unfilled_;
};

}  // namespace

typecheck::TaskTypes DescribeMethod(const google::protobuf::MethodDescriptor& method,
                                    std::shared_ptr<const void> owner) {
  auto builder = std::make_shared<Builder>(std::move(owner));
  typecheck::TaskTypes types;
  types.request = builder->OfMessage(*method.input_type());
  types.response = builder->OfMessage(*method.output_type());
  builder->Fill();
  types.owner = std::move(builder);
  return types;
}

}  // namespace orderflow::tasks
