#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "common/database/connection.h"

namespace orderflow::database {

// What an SQLSTATE means to a caller, and to the transaction it came up in.
struct PostgresErrorMeaning {
  absl::StatusCode code;
  Fate fate;              // kAlive: rolling back to the savepoint is enough
  std::string_view hint;  // stands before the server's message; may be empty
};

PostgresErrorMeaning MeaningOfSqlState(std::string_view sqlstate);

}  // namespace orderflow::database
