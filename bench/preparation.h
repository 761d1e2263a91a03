#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/workloads.h"

namespace orderflow::bench {

// Puts more of the product on stock than a benchmark can sell.
absl::Status FillStock(const std::string& inventory, const std::string& product_id);

// Creates a STANDARD state machine, or finds the equal one that exists; answers its ARN.
absl::StatusOr<std::string> CreateStateMachine(const std::string& orchestrator,
                                               const std::string& name,
                                               const std::string& definition);

}  // namespace orderflow::bench
