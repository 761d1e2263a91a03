#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// The one place that knows how an input of the interpreter stands in the journal. Start is not
// among the records: the execution's own row holds it.

// The input as a record. `input` must not be a Start.
store::JournalRecord EncodeInput(store::ExecutionKey execution, int64_t sequence,
                                 const asl::Input& input);

// DATA_LOSS: the record is none that EncodeInput wrote.
absl::StatusOr<asl::Input> DecodeRecord(const store::JournalRecord& record);

// Whether what the record holds is a Redriven.
bool IsRedrive(const store::JournalRecord& record);

// ExecutionRecord::missing_activities.
std::string EncodeActivities(const std::vector<std::string>& arns);

// The Start input of an execution. DATA_LOSS: its input, or its list of activities, is no JSON.
absl::StatusOr<asl::Input> DecodeStart(const store::ExecutionRecord& execution);

// The status as the store has it; a Complete effect never says kRunning.
store::ExecutionStatus ToStoreStatus(asl::Status status);

// Journals keep whole microseconds; so do all times that the interpreter sees, so that a replay
// sees the same.
inline absl::Time ToWholeMicroseconds(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

}  // namespace orderflow::engine
