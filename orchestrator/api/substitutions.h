#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::api {

// What each `${Name}` of a definition stands for here; on AWS the deployment fills them in.
using Substitutions = std::map<std::string, std::string, std::less<>>;

// Where the services of the order workflow listen: `HOST:PORT`, or a gRPC target `dns://...`, which
// goes to all addresses of the name as well; with `grpcs://` before it for TLS.
struct ServiceAddresses {
  std::string receive = "localhost:50051";
  std::string inventory = "localhost:50052";
  std::string payment = "localhost:50053";
  std::string email = "localhost:50054";
};

// The names that workflows/order-processing.asl.json uses, as tasks of these services.
Substitutions OrderSubstitutions(const ServiceAddresses& addresses);

// A JSON object of texts, `{"Name": "value"}`. INVALID_ARGUMENT names the mistake and its place.
absl::StatusOr<Substitutions> ParseSubstitutions(std::string_view text);

}  // namespace orderflow::api
