#include "cli/history_detail.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "orderflow/workflow/v1/history.pb.h"

namespace orderflow::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A member as text; empty where the message does not have it, or where it is not set.
std::string MemberText(const Message& message, const std::string& name) {
  const FieldDescriptor* member = message.GetDescriptor()->FindFieldByName(name);
  if (member == nullptr) return "";
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (member->type()) {
    case FieldDescriptor::TYPE_STRING:
      return reflection.GetString(message, member);
    case FieldDescriptor::TYPE_INT32:
      if (!reflection.HasField(message, member)) return "";
      return name + " " + std::to_string(reflection.GetInt32(message, member));
    default:
      return "";
  }
}

}  // namespace

std::string HistoryDetail(const workflow::v1::HistoryEvent& event) {
  const google::protobuf::OneofDescriptor* details =
      event.GetDescriptor()->FindOneofByName("details");
  const FieldDescriptor* field = event.GetReflection()->GetOneofFieldDescriptor(event, details);
  if (field == nullptr) return "";

  // The details of all events use the same few names for what tells them apart.
  const Message& message = event.GetReflection()->GetMessage(event, field);
  std::string line;
  for (const char* name : {"name", "index", "length", "map_run_arn", "redrive_count", "worker_name",
                           "resource", "error", "cause"}) {
    const std::string value = MemberText(message, name);
    if (value.empty()) continue;
    if (!line.empty()) line += ": ";
    line += value;
  }
  return line;
}

}  // namespace orderflow::cli
