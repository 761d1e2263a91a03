#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/http/server.h"

namespace orderflow::aws {

// An error as the AWS JSON protocol tells it.
struct Fault {
  int http_status = 400;
  std::string type;     // "ExecutionDoesNotExist"
  std::string message;  // for people

  bool operator==(const Fault&) const = default;
};

// What an operation of the API answered instead of a response. Mistakes of ours become
// InternalFailure without their text.
Fault ToFault(const absl::Status& status);

// An answer of the protocol: `json` is a JSON text.
http::ServerResponse MakeResponse(int http_status, std::string json, std::string request_id);
http::ServerResponse MakeResponse(const Fault& fault, std::string request_id);

}  // namespace orderflow::aws
