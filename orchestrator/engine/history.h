#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// Rebuilds an execution's history from its journal: nothing else is kept of it. Can be fed as the
// journal grows, so that a watcher replays only what is new.
//
//   HistoryReplayer replayer(machine, record);
//   replayer.Start(sink);
//   replayer.Feed(records, sink);
//
// One thread only.
class HistoryReplayer {
 public:
  HistoryReplayer(MachinePtr machine, store::ExecutionRecord record, const asl::Limits& limits);

  // Tells the events of the start. DATA_LOSS: the execution's row cannot be read.
  absl::Status Start(asl::EventSink& sink);
  // Tells the events of these records, which must follow those fed before. DATA_LOSS: they do not
  // fit.
  absl::Status Feed(const std::vector<store::JournalRecord>& records, asl::EventSink& sink);

  // Of the last record fed; 0 after the start.
  int64_t sequence() const { return sequence_; }
  const asl::Execution& execution() const { return execution_; }
  const store::ExecutionRecord& record() const { return record_; }

 private:
  const MachinePtr machine_;
  const store::ExecutionRecord record_;
  asl::Execution execution_;
  std::vector<asl::Effect> effects_;  // decided again, not carried out again
  int64_t sequence_ = 0;
};

}  // namespace orderflow::engine
