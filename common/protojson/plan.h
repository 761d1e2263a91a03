#pragma once

// What a codec knows of each message type it may meet. Built once, read by all threads. Private to
// this folder.

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/json/value.h"
#include "common/protojson/message_codec.h"

namespace orderflow::protojson::internal {

// The types of google.protobuf that have a JSON form of their own.
enum class Shape : uint8_t {
  kMessage,
  kTimestamp,
  kDuration,
  kStruct,
  kValue,
  kListValue,
  kWrapper,
  kAny,
};

struct EnumPlan {
  const google::protobuf::EnumDescriptor* type;
  absl::flat_hash_map<std::string, int> numbers;  // by every name that is understood
  absl::flat_hash_map<int, json::Value> names;    // ready to be shared
  bool closed;                                    // proto2: no other numbers
  bool is_null_value;                             // google.protobuf.NullValue, which is `null`
};

struct MessagePlan;

struct FieldPlan {
  const google::protobuf::FieldDescriptor* field;
  std::string name;                      // as it is written
  const MessagePlan* message = nullptr;  // its type; the entry's type of a map
  const EnumPlan* enumeration = nullptr;
};

struct MessagePlan {
  const google::protobuf::Descriptor* type;
  Shape shape;
  bool has_required = false;      // proto2
  std::vector<FieldPlan> fields;  // as declared; does not change once `by_name` points into it
  absl::flat_hash_map<std::string, const FieldPlan*> by_name;  // proto name and JSON name
  // The same in lower case, if they are alike to upper case.
  absl::flat_hash_map<std::string, const FieldPlan*> by_folded_name;

  // Null where there is no such field.
  const FieldPlan* Find(const std::string& name) const;
};

// The plans of a type and of all types that it reaches, itself included.
class Plans {
 public:
  Plans(const google::protobuf::Descriptor& root, const Options& options);
  const MessagePlan& root() const { return *root_; }

 private:
  MessagePlan& Add(const google::protobuf::Descriptor& type);
  void Fill(MessagePlan& plan);
  const EnumPlan* AddEnum(const google::protobuf::EnumDescriptor& type);

  const Options& options_;
  absl::flat_hash_map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>> messages_;
  absl::flat_hash_map<const google::protobuf::EnumDescriptor*, std::unique_ptr<EnumPlan>> enums_;
  std::vector<MessagePlan*> unfilled_;
  const MessagePlan* root_;
};

// "a string", "an object", ...: what was found instead. Never the value itself: it may be a secret.
const char* KindName(const json::Value& value);

// Reads `value` into the message, appending what does not fit. To be called by MessageCodec.
void Read(const MessagePlan& plan, const Options& options, const json::Value& value,
          google::protobuf::Message& message, std::vector<FieldViolation>& violations);

absl::StatusOr<json::Value> Write(const MessagePlan& plan, const Options& options,
                                  const google::protobuf::Message& message);

}  // namespace orderflow::protojson::internal
