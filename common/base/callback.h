#pragma once

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace orderflow {

// How an asynchronous call hands its result over: called exactly once, on a thread of the callee's
// choosing, and never from within the call itself unless the callee says so. It must not block.
template <typename T>
using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

// The same for calls that have nothing to give but their success.
using StatusCallback = absl::AnyInvocable<void(absl::Status) &&>;

}  // namespace orderflow
