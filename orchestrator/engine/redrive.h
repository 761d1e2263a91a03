#pragma once

// Redriving: going on with an execution that has ended without success. The redrive is an input as
// any other, journaled in the transaction that takes the execution's end back. The steps before it:
// row, journal, machine; then the execution's shard replays what was and applies the input.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/running_slot.h"
#include "orchestrator/engine/shard.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// How long after its end an execution can be redriven, how long after its start, and how long and
// how many redrives back a caller's token is known: those of the service.
inline constexpr absl::Duration kRedrivablePeriod = absl::Hours(14 * 24);
inline constexpr absl::Duration kLongestExecution = absl::Hours(365 * 24);
inline constexpr absl::Duration kTokenLife = absl::Minutes(15);
inline constexpr int kTokensKept = 10;

inline constexpr std::string_view kEventLimitExceeded = "Execution history event limit exceeded";

// Why an execution cannot be redriven now, in the service's words; nothing where it can. Whether a
// child of a map run may be redriven is its parent's affair: not looked at.
std::optional<std::string_view> WhyNotRedrivable(const store::ExecutionRecord& record,
                                                 absl::Time now, const asl::Limits& limits);

// FAILED_PRECONDITION, reason ExecutionNotRedrivable.
absl::Status NotRedrivable(std::string_view why);

struct RedriveRequest {
  std::string arn;
  std::string token = {};   // the caller's; empty: none
  std::string origin = {};  // of the parent's attempt that redrives a child of its map run
  RunningSlot slot = {};
};

// What the steps need. `hand_over` brings the message to the execution's shard.
struct RedriveContext {
  store::ExecutionStore& store;
  const Engine::MachineLoader& load_machine;
  const Clock& clock;
  const asl::Limits& limits;
  std::function<void(std::unique_ptr<Redrive>)> hand_over;
};

// Calls `done` with the time of the redrive when it is durable, or why there is none: the errors
// are Engine::Redrive's. `settled` is called once, when nothing of the context is used any more.
// Borrows the context's references until then.
void RunRedrive(RedriveContext context, RedriveRequest request, Callback<absl::Time> done,
                absl::AnyInvocable<void() &&> settled);

}  // namespace orderflow::engine
