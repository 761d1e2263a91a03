#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/metrics/metrics.h"

namespace google::protobuf {
class Descriptor;
}

namespace orderflow::rpc {

// The calls of one gRPC service in this process, whichever server it belongs to. Thread-safe.
struct ServedService {
  std::string full_name;  // "orderflow.receive.v1.ReceiveService"
  std::atomic<int64_t> in_flight{0};
  std::atomic<int64_t> max_in_flight{INT64_MAX};
};

// One RPC method as its handlers see it: resolved once, kept in a static. Thread-safe.
struct ServedMethod {
  std::string name;  // "ReceiveOrder"
  ServedService* service;
  metrics::RpcMethod* metrics;
};

// The method whose request message this is. Each RPC has a request message of its own (buf's
// standard rules see to that); a message that no method takes is our mistake. Also for streaming
// handlers, which count for themselves:
//   static ServedMethod& method = MethodTaking(*WatchOrderRequest::descriptor());
//   method.metrics->Start(); ... method.metrics->Finish(code, nanos);
ServedMethod& MethodTaking(const google::protobuf::Descriptor& request);

ServedService& ServiceNamed(std::string_view full_name);

}  // namespace orderflow::rpc
