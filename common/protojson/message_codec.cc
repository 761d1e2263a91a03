#include "common/protojson/message_codec.h"

#include <google/protobuf/message.h>

#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "common/base/check.h"
#include "common/base/mutex.h"
#include "common/protojson/plan.h"

namespace orderflow::protojson {
namespace {

using google::protobuf::Descriptor;

// The codecs of generated types, which live as long as the process.
class GeneratedCodecs {
 public:
  std::shared_ptr<const MessageCodec> Get(const Descriptor& type, const Options& options) {
    const Key key = {&type,
                     static_cast<int>(options.names),
                     static_cast<int>(options.times),
                     options.ignore_unknown,
                     options.strip_enum_prefix,
                     options.omit_defaults,
                     options.omit_empty,
                     options.max_depth,
                     options.max_violations};
    MutexLock lock(mutex_);
    std::shared_ptr<const MessageCodec>& codec = codecs_[key];
    if (codec == nullptr) codec = MessageCodec::Create(type, options);
    return codec;
  }

 private:
  using Key = std::tuple<const Descriptor*, int, int, bool, bool, bool, bool, int, size_t>;
  Mutex mutex_;
  absl::flat_hash_map<Key, std::shared_ptr<const MessageCodec>> codecs_ ABSL_GUARDED_BY(mutex_);
};

std::shared_ptr<const MessageCodec> CodecFor(const Descriptor& type, const Options& options) {
  static auto& generated = *new GeneratedCodecs;
  const bool is_generated =
      type.file()->pool() == google::protobuf::DescriptorPool::generated_pool();
  return is_generated ? generated.Get(type, options) : MessageCodec::Create(type, options);
}

}  // namespace

std::shared_ptr<const MessageCodec> MessageCodec::Create(const Descriptor& type,
                                                         const Options& options) {
  return std::shared_ptr<const MessageCodec>(new MessageCodec(type, options));
}

MessageCodec::MessageCodec(const Descriptor& type, const Options& options)
    : type_(type),
      options_(options),
      plans_(std::make_unique<internal::Plans>(type_, options_)),
      root_(plans_->root()) {}

MessageCodec::~MessageCodec() = default;

std::vector<FieldViolation> MessageCodec::ToMessage(const json::Value& value,
                                                    google::protobuf::Message& message) const {
  ORDERFLOW_CHECK(message.GetDescriptor() == &type_);
  std::vector<FieldViolation> violations;
  internal::Read(root_, options_, value, message, violations);
  return violations;
}

absl::StatusOr<json::Value> MessageCodec::FromMessage(
    const google::protobuf::Message& message) const {
  ORDERFLOW_CHECK(message.GetDescriptor() == &type_);
  return internal::Write(root_, options_, message);
}

std::vector<FieldViolation> ToMessage(const json::Value& value, google::protobuf::Message& message,
                                      const Options& options) {
  return CodecFor(*message.GetDescriptor(), options)->ToMessage(value, message);
}

absl::StatusOr<json::Value> FromMessage(const google::protobuf::Message& message,
                                        const Options& options) {
  return CodecFor(*message.GetDescriptor(), options)->FromMessage(message);
}

}  // namespace orderflow::protojson
