#pragma once

#include <vector>

#include "common/metrics/metrics.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/sql_execution_store.h"

namespace orderflow::api {

// Shows what engine and journal count while the registrations live, which both must outlive.
std::vector<metrics::Registration> ExportMetrics(const engine::Engine& engine,
                                                 const store::SqlExecutionStore& store);

}  // namespace orderflow::api
