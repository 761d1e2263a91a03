#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// The row of an execution, its context for the interpreter, and its result: three views of the same
// facts.

store::ExecutionRecord MakeRecord(const StartRequest& request, store::ExecutionKey key,
                                  absl::Time start_time);

// The same after a restart as at the start, since expressions can read it. `synchronous`:
// StartRequest.
std::shared_ptr<const asl::ExecutionContext> MakeContext(const store::ExecutionRecord& record,
                                                         const Machine& machine,
                                                         bool synchronous = false);

// The execution that waits for this one, its child; nothing where it was started from outside, or
// nobody was to wait.
std::optional<std::string> WaitingParentOf(const store::ExecutionRecord& record);

// Whether the execution is this attempt of its parent's (StartRequest::origin), also after it was
// redriven by itself.
bool IsAttempt(const store::ExecutionRecord& record, std::string_view origin);
// Whether it is another try of the same task.
bool IsTryOfSameTask(const store::ExecutionRecord& record, std::string_view origin);
// Its origin once it was redriven by itself: nobody waits for its end any more. Empty: it stays.
std::string OriginOnceRedriven(const store::ExecutionRecord& record);

// The trace header if it is a W3C traceparent, else nothing: tasks are not handed what they cannot
// read.
std::string TraceparentOf(const store::ExecutionRecord& record);

// `record` must not be running.
ExecutionResult ResultOf(const store::ExecutionRecord& record);

}  // namespace orderflow::engine
