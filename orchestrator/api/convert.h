#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/workflow/v1/history.pb.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// Between the store's and the interpreter's types and the messages of the API.

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp);

workflow::v1::ExecutionStatus ToProto(store::ExecutionStatus status);
workflow::v1::StateMachineType ToProto(store::MachineType type);

// `execution_data` false: without inputs, outputs and causes. INTERNAL: the details are none that
// the API knows.
absl::StatusOr<workflow::v1::HistoryEvent> ToProto(const asl::HistoryEvent& event,
                                                   bool execution_data);

}  // namespace orderflow::api
