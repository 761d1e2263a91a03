#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::tasks {

// A unary gRPC method as a definition names it: `grpc://host:port/package.Service/Method`,
// `grpcs://` for TLS. The host is a name, an IPv4 address, or an IPv6 address in brackets. Host and
// port may also be written as a gRPC target: `dns:///host:port`, or `dns://IP:PORT/host:port` to
// ask that name server. `.waitForTaskToken` behind the method: it only accepts the task, which
// whoever has the token answers.
struct GrpcResource {
  bool tls = false;
  // "inventory:50052", "[::1]:50052"; "dns://10.0.0.10:53/inventory:50052" with a name server.
  std::string address;
  std::string service;  // "orderflow.inventory.v1.InventoryService"
  std::string method;   // "CheckInventory"
  bool waits_for_token = false;

  // As HTTP/2 carries it: "/package.Service/Method".
  std::string path() const { return "/" + service + "/" + method; }

  // As gRPC takes it, so that calls go to all addresses that the name has.
  std::string target() const;

  bool operator==(const GrpcResource&) const = default;
};

// INVALID_ARGUMENT, with what is wrong and what would be right.
absl::StatusOr<GrpcResource> ParseGrpcResource(std::string_view text);

}  // namespace orderflow::tasks
