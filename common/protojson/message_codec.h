#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "common/json/value.h"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace orderflow::protojson {

struct Options {
  enum class Names : uint8_t { kProto, kJson, kAws };
  enum class Times : uint8_t { kRfc3339, kEpochSeconds };

  // How members are named when a value is made: `order_id` or `orderId`. Both are understood in a
  // request.
  //
  // kAws is for messages that stand for parameters and answers of AWS's APIs: a member is named as
  // the JSON name with a capital at its beginning (`OrderId`), or as exactly the JSON name that the
  // field was given (`[json_name = "MD5OfMessageBody"]`). In a request upper and lower case are
  // alike, and where a text is expected, an object or an array is taken as its JSON text.
  Names names = Names::kProto;
  // google.protobuf.Timestamp as "2024-05-01T12:00:00.5Z" or as the number 1714564800.5. Both are
  // understood.
  Times times = Times::kRfc3339;
  // Members that the message does not know are left out rather than reported.
  bool ignore_unknown = false;
  // EXECUTION_STATUS_RUNNING is written as "RUNNING"; both are understood.
  bool strip_enum_prefix = false;
  // Leaves out fields without presence that hold 0, "", false, the first enum value or nothing.
  bool omit_defaults = false;
  // Leaves out what holds nothing and has no presence: of the outermost message its texts,
  // enumerations and maps, of inner ones their lists and maps.
  bool omit_empty = false;
  // Messages, arrays and objects within each other; deeper ones are an error.
  int max_depth = 100;
  // Reading stops when so many problems were found.
  size_t max_violations = 100;

  bool operator==(const Options&) const = default;
};

namespace internal {
class Plans;
struct MessagePlan;
}  // namespace internal

// Turns JSON values into messages of one type and back, without any JSON text: a plan for the type
// and all that it reaches is made once, then a conversion is a walk with hashed names. Works for
// generated and dynamic messages.
//
//   auto codec = MessageCodec::Create(*CheckInventoryRequest::descriptor(), {.ignore_unknown =
//   true}); CheckInventoryRequest request; if (auto violations = codec->ToMessage(input, request);
//   !violations.empty()) return InvalidArgumentError(violations);
//
// The mapping is that of Protobuf's JSON, but for these: members have proto names unless told
// otherwise; 64-bit integers are numbers (an unsigned one that no int64 holds is a decimal string);
// fields without presence are always written. `null` means absent. Integers may be decimal strings;
// bytes are base64; enum values are names or numbers.
//
// Thread-safe. The descriptor must outlive the codec.
class MessageCodec {
 public:
  static std::shared_ptr<const MessageCodec> Create(const google::protobuf::Descriptor& type,
                                                    const Options& options = {});
  ~MessageCodec();

  // Sets what `value` gives in `message`, an empty message of the codec's type. Answers all that
  // does not fit, by field; then the content of the message means nothing.
  std::vector<FieldViolation> ToMessage(const json::Value& value,
                                        google::protobuf::Message& message) const;

  // INVALID_ARGUMENT where the message cannot be said in JSON: a text that is not UTF-8, a
  // timestamp out of range, nesting beyond the limit.
  absl::StatusOr<json::Value> FromMessage(const google::protobuf::Message& message) const;

  const google::protobuf::Descriptor& type() const { return type_; }

 private:
  MessageCodec(const google::protobuf::Descriptor& type, const Options& options);

  const google::protobuf::Descriptor& type_;
  const Options options_;
  std::unique_ptr<const internal::Plans> plans_;
  const internal::MessagePlan& root_;
};

// The same for a single conversion. The codec of a generated type is made once per process, any
// other anew.
std::vector<FieldViolation> ToMessage(const json::Value& value, google::protobuf::Message& message,
                                      const Options& options = {});
absl::StatusOr<json::Value> FromMessage(const google::protobuf::Message& message,
                                        const Options& options = {});

}  // namespace orderflow::protojson
