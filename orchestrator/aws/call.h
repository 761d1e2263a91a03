#pragma once

#include <string>
#include <variant>

#include "common/http/server.h"
#include "common/json/value.h"
#include "orchestrator/aws/fault.h"

namespace orderflow::aws {

// What a request of the AWS JSON 1.0 protocol asks for.
struct Call {
  std::string operation;  // "StartExecution"; may be one that does not exist
  json::Value input;      // an object
};

// Reads method, path, X-Amz-Target and body. UnknownOperationException: it is not for Step
// Functions; SerializationException: the body is no JSON object.
std::variant<Call, Fault> ReadCall(const http::ServerRequest& request);

Fault UnknownOperation(std::string_view what);

}  // namespace orderflow::aws
