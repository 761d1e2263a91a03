#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "common/base/callback.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/shard.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// Takes up what a former process left unfinished: reads it a page at a time and hands it to the
// shards, waiting for them after each page, so that memory holds one page beside the executions.
// `done` gets the largest key in use.
//
// FAILED_PRECONDITION, DATA_LOSS: an execution cannot be taken up; the others are. The message
// names the first one. Adds to `running` what it takes up. Borrows the store and
// the shards until `done` is called.
void RunRecovery(store::ExecutionStore& store, Engine::MachineLoader load_machine, int page_size,
                 RunningSlot::Count running, std::vector<Shard*> shards,
                 std::function<Shard&(std::string_view execution_arn)> shard_of,
                 Callback<store::ExecutionKey> done);

}  // namespace orderflow::engine
