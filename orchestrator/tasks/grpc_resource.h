#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::tasks {

// A unary gRPC method as a definition names it: `grpc://host:port/package.Service/Method`,
// `grpcs://` for TLS. The host is a name, an IPv4 address, or an IPv6 address in brackets.
struct GrpcResource {
  bool tls = false;
  std::string address;  // "inventory:50052", "[::1]:50052"
  std::string service;  // "orderflow.inventory.v1.InventoryService"
  std::string method;   // "CheckInventory"

  // As HTTP/2 carries it: "/package.Service/Method".
  std::string path() const { return "/" + service + "/" + method; }

  bool operator==(const GrpcResource&) const = default;
};

// INVALID_ARGUMENT, with what is wrong and what would be right.
absl::StatusOr<GrpcResource> ParseGrpcResource(std::string_view text);

}  // namespace orderflow::tasks
