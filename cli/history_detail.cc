#include "cli/history_detail.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "orderflow/workflow/v1/history.pb.h"

namespace orderflow::cli {

std::string HistoryDetail(const workflow::v1::HistoryEvent& event) {
  const google::protobuf::Reflection* reflection = event.GetReflection();
  const google::protobuf::OneofDescriptor* details =
      event.GetDescriptor()->FindOneofByName("details");
  const google::protobuf::FieldDescriptor* field =
      reflection->GetOneofFieldDescriptor(event, details);
  if (field == nullptr) return "";

  // The details of all events use the same few names for what tells them apart.
  const google::protobuf::Message& message = reflection->GetMessage(event, field);
  std::string line;
  for (const char* name : {"name", "resource", "worker_name", "map_run_arn", "error", "cause"}) {
    const google::protobuf::FieldDescriptor* member =
        message.GetDescriptor()->FindFieldByName(name);
    if (member == nullptr || member->type() != google::protobuf::FieldDescriptor::TYPE_STRING)
      continue;
    const std::string value = message.GetReflection()->GetString(message, member);
    if (value.empty()) continue;
    if (!line.empty()) line += ": ";
    line += value;
  }
  return line;
}

}  // namespace orderflow::cli
