#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// What part of a history is wanted.
struct HistoryQuery {
  std::string execution_arn;
  int page_size = 0;
  std::string token;
  bool newest_first = false;
  bool execution_data = true;
};

// Reads an execution's row and journal, replays it, and answers a page of its events.
// ExecutionDoesNotExist, InvalidToken. Borrows store and registry until `done` is called.
void ReadHistoryPage(store::ExecutionStore& store, MachineRegistry& registry,
                     const asl::Limits& limits, HistoryQuery query,
                     Callback<workflow::v1::GetExecutionHistoryResponse> done);

}  // namespace orderflow::api
