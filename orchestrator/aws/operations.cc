#include "orchestrator/aws/operations.h"

#include "common/rpc/served_method.h"
#include "orchestrator/aws/input_check.h"

namespace orderflow::aws {

void Operations::Add(std::unique_ptr<const Operation> operation) {
  std::string name = operation->method().name;
  operations_[std::move(name)] = std::move(operation);
}

const Operation* Operations::Find(std::string_view name) const {
  const auto found = operations_.find(absl::string_view(name.data(), name.size()));
  return found == operations_.end() ? nullptr : found->second.get();
}

namespace internal {

protojson::Options CodecOptions() {
  protojson::Options options;
  options.names = protojson::Options::Names::kJson;
  options.times = protojson::Options::Times::kEpochSeconds;
  options.ignore_unknown = true;
  options.strip_enum_prefix = true;
  options.omit_empty = true;
  return options;
}

rpc::ServedMethod& MethodOf(const google::protobuf::Descriptor& request) {
  return rpc::MethodTaking(request);
}

std::optional<Fault> ReadInput(const protojson::MessageCodec& codec, const json::Value& input,
                               google::protobuf::Message& message) {
  if (auto fault = CheckInput(input, codec.type())) return fault;
  // What is left are numbers beyond the field's range.
  const std::vector<FieldViolation> violations = codec.ToMessage(input, message);
  if (violations.empty()) return std::nullopt;
  return Fault{400, "SerializationException",
               violations.front().field + ": " + violations.front().description};
}

}  // namespace internal
}  // namespace orderflow::aws
