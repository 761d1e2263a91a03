#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/rpc/module.h"

namespace orderflow::receive {

struct ReceiveOptions {
  database::Options database;
  const Clock* clock = &SystemClock();  // borrowed
};

// The receive service, ready to be served: opens the database (and brings its schema up to date)
// and puts store, domain and gRPC service together. Errors are those of Database::Open.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenReceiveModule(ReceiveOptions options);

}  // namespace orderflow::receive
