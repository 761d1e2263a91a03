#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/asl/failure.h"
#include "orchestrator/tasks/lambda_function.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// The error that AWS reports for parameters that it does not take.
inline constexpr char kLambdaInvalidParameter[] = "Lambda.InvalidParameterValueException";

// A call of a function, read off a task: what goes over the wire, and whether the answer comes back
// in an envelope.
struct LambdaInvocation {
  LambdaFunction function;
  std::string payload;          // JSON text, as the function receives it
  std::string invocation_type;  // "RequestResponse", "Event" or "DryRun"; empty: the first
  std::string log_type;         // "None" or "Tail"; empty: the first
  std::string client_context;   // of the definition, base64; may be empty
  bool enveloped = false;       // by lambda:invoke
};

// Wrong names of functions and parameters of the wrong type are failures of the task
// (kLambdaInvalidParameter), as they are on AWS.
asl::Evaluated<LambdaInvocation> ReadLambdaInvocation(const TaskCall& call);

// The headers of the Invoke request, without the signature. What gRPC methods get as metadata
// travels in the client context, which functions of every runtime can read: its `custom` member has
// `idempotency-key`, `orderflow-execution`, `orderflow-attempt` and `traceparent` beside what the
// definition's own ClientContext holds there. One that is no JSON object, or leaves too little room
// for ours, goes as it is.
//
// `with_trace_header`: the trace also goes into X-Amzn-Trace-Id. Not for requests that are signed:
// that header may be changed on the way, and libcurl would sign it.
std::vector<std::string> LambdaHeaders(const LambdaInvocation& invocation, const TaskCall& call,
                                       bool with_trace_header);

// "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1" for the traceparent
// of W3C Trace Context; empty where it is none.
std::string XrayTraceHeader(std::string_view traceparent);

}  // namespace orderflow::tasks
