#pragma once

#include <string>
#include <string_view>

namespace orderflow::asl {

// The history's words for a kind of task, as data: AWS has one set per kind of resource.
struct TaskEventNames {
  std::string_view scheduled, scheduled_details;
  std::string_view started, started_details;  // no details where the second is empty
  std::string_view succeeded, succeeded_details;
  std::string_view failed, failed_details;
  std::string_view timed_out, timed_out_details;
  std::string_view input;      // the member of the scheduled event that holds the input
  bool names_service = false;  // events carry `resourceType`, `resource` and the region
  bool has_input_details = false;
};

// Who carries a Task out, taken apart from its Resource field.
//
//   grpc://host:port/package.Service/Method   type "grpc", action "package.Service/Method"; the
//                                             method may have `.waitForTaskToken` behind it
//   arn:aws:states:::lambda:invoke            type "lambda", action "invoke"
//   arn:aws:states:::states:startExecution.sync:2  type "states", action "startExecution.sync:2"
//   arn:aws:lambda:REGION:ACCOUNT:function:F  a function called directly: events have their own
//   names arn:aws:states:REGION:ACCOUNT:activity:A  an activity, likewise
struct Resource {
  std::string text;    // as in the definition
  std::string type;    // the history's `resourceType`
  std::string action;  // the history's `resource`
  std::string label;   // how a message names it: the text, or for a service of AWS its type
  const TaskEventNames* events = nullptr;
  bool waits_for_token = false;  // `.waitForTaskToken`: whoever has the token answers
  bool is_submitted = false;     // that, or `.sync`: the service accepts first and answers later
  bool is_activity = false;      // a worker takes the task and answers it
};
Resource ParseResource(std::string_view text);

// Whether a text that names an integration with another service (arn:aws:states:::...) names one
// that the service has. Any other text is not asked about here.
bool IsKnownIntegration(const Resource& resource);

}  // namespace orderflow::asl
