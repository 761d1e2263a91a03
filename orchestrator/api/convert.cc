#include "orchestrator/api/convert.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/protojson/message_codec.h"
#include "orchestrator/engine/execution_log.h"

namespace orderflow::api {
namespace {

using google::protobuf::FieldDescriptor;

// The fields of HistoryEvent by the name of the details in the Step Functions API.
const FieldDescriptor* DetailsField(std::string_view json_name) {
  static const auto* const kFields = [] {
    auto* fields = new absl::flat_hash_map<std::string, const FieldDescriptor*>();
    const auto* type = workflow::v1::HistoryEvent::descriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      (*fields)[type->field(i)->json_name()] = type->field(i);
    }
    return fields;
  }();
  const auto found = kFields->find(absl::string_view(json_name.data(), json_name.size()));
  return found == kFields->end() ? nullptr : found->second;
}

}  // namespace

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(rest * 1000));
}

workflow::v1::ExecutionStatus ToProto(store::ExecutionStatus status) {
  switch (status) {
    case store::ExecutionStatus::kRunning:
      return workflow::v1::EXECUTION_STATUS_RUNNING;
    case store::ExecutionStatus::kSucceeded:
      return workflow::v1::EXECUTION_STATUS_SUCCEEDED;
    case store::ExecutionStatus::kFailed:
      return workflow::v1::EXECUTION_STATUS_FAILED;
    case store::ExecutionStatus::kTimedOut:
      return workflow::v1::EXECUTION_STATUS_TIMED_OUT;
    case store::ExecutionStatus::kAborted:
      return workflow::v1::EXECUTION_STATUS_ABORTED;
  }
  return workflow::v1::EXECUTION_STATUS_UNSPECIFIED;
}

workflow::v1::StateMachineType ToProto(store::MachineType type) {
  return type == store::MachineType::kExpress ? workflow::v1::STATE_MACHINE_TYPE_EXPRESS
                                              : workflow::v1::STATE_MACHINE_TYPE_STANDARD;
}

absl::StatusOr<workflow::v1::HistoryEvent> ToProto(const asl::HistoryEvent& event,
                                                   bool execution_data) {
  workflow::v1::HistoryEvent message;
  SetTimestamp(event.at, *message.mutable_timestamp());
  message.set_type(std::string(event.type));
  message.set_id(event.id);
  message.set_previous_event_id(event.previous_id);
  if (event.details_name.empty()) return message;

  const FieldDescriptor* field = DetailsField(event.details_name);
  if (field == nullptr || field->message_type() == nullptr) {
    return absl::InternalError(
        absl::StrCat("unknown details of an event: ", std::string(event.details_name)));
  }
  const auto violations = protojson::ToMessage(
      execution_data ? event.details : engine::WithoutExecutionData(event.details),
      *message.GetReflection()->MutableMessage(&message, field));
  if (!violations.empty()) {
    return absl::InternalError(absl::StrCat(std::string(event.details_name), " has ",
                                            violations.front().field, ": ",
                                            violations.front().description));
  }
  return message;
}

}  // namespace orderflow::api
