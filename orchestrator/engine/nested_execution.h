#pragma once

#include <functional>
#include <memory>

#include "common/base/callback.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::engine {

// An execution that is a task of another one: started once whatever happens, as its request names
// the attempt that it belongs to (StartRequest::origin).
struct NestedExecution {
  // Gives what to start; asked again after a failure that passes. May answer from within.
  std::function<void(Callback<StartRequest> done)> prepare;
  // Called when the execution is on record; more than once after failures that pass.
  std::function<void(const StartResult& started)> started;
  // Whether to wait for its end.
  bool waits = false;
  // The end, or the start where nobody waits for more; or why it could not be started.
  Callback<StartResult> done;
};

// Starts it. What cannot be done now (UNAVAILABLE, RESOURCE_EXHAUSTED) is tried again until it can.
// Cancel of the handle stops the execution where it is waited for; dropping the handle lets it go
// on, with nobody to be told.
//
// The engine must outlive the handle.
std::unique_ptr<tasks::RunningTask> RunNested(Engine& engine, NestedExecution nested);

}  // namespace orderflow::engine
