#pragma once

#include "absl/status/status.h"

namespace orderflow::cli {

// What the process ends with, so that scripts can tell. Stated in `orderflow help`, too.
enum class ExitCode : int {
  kOk = 0,            // done; an order that was waited for is confirmed
  kNotConfirmed = 1,  // the order failed as a business matter; a definition has mistakes; a
                      // benchmark had failed orders
  kUsage = 2,         // the command line is wrong
  kUnavailable = 3,   // the server cannot be reached or cannot answer now
  kNotFound = 4,      // no such order, execution, state machine or product
  kConflict = 5,      // the request is invalid or conflicts with what is there
  kInternal = 6,      // anything else: permissions, a bug
  kInProgress = 7,    // the order goes on, but the time to wait for it is over
};

// What an error of a server means for a script.
ExitCode ExitCodeFor(absl::StatusCode code);

}  // namespace orderflow::cli
