#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/receive/receive.h"
#include "services/receive/receive_store.h"

namespace orderflow::receive {

struct ReceiveOptions {
  database::Options database;
  const Clock* clock = &SystemClock();  // borrowed
};

// The receive service without a face: database, store and domain, put together for the gRPC server
// and the Lambda function.
//
// Thread-safe. The destructor waits for the calls that are under way.
class ReceiveCore {
 public:
  // Opens the database and brings its schema up to date. Errors are those of Database::Open.
  static absl::StatusOr<std::unique_ptr<ReceiveCore>> Open(ReceiveOptions options);

  database::Database& database() { return *database_; }
  Receive& receive() { return receive_; }

 private:
  ReceiveCore(std::unique_ptr<database::Database> database, const Clock& clock)
      : store_(*database), receive_(store_, clock), database_(std::move(database)) {}

  ReceiveStore store_;
  Receive receive_;
  // Ends first, and with it the calls.
  std::unique_ptr<database::Database> database_;
};

}  // namespace orderflow::receive
