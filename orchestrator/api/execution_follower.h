#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "common/base/mutex.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/history.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::api {

// Tells the history of an execution as it grows: what has happened first, then each new event, then
// the end. The reader pulls, so that a slow one costs no memory: events are read from the journal
// when it asks.
//
//   auto follower = ExecutionFollower::Create(store, registry, engine, limits, arn);
//   follower->Next([](absl::StatusOr<ExecutionFollower::Step> step) { ... });
//
// Thread-safe; one Next at a time. Borrows store, registry and engine while a Next is under way.
class ExecutionFollower final : public engine::ExecutionObserver,
                                public std::enable_shared_from_this<ExecutionFollower> {
 public:
  struct Step {
    store::ExecutionRecord record;          // as of the events
    std::vector<asl::HistoryEvent> events;  // new ones; may be empty in the last step only
    bool last = false;                      // the execution has ended and all is told
  };

  static std::shared_ptr<ExecutionFollower> Create(store::ExecutionStore& store,
                                                   MachineRegistry& registry,
                                                   engine::Engine& engine,
                                                   const asl::Limits& limits,
                                                   std::string execution_arn);

  // Calls back when there is something new. NOT_FOUND: no such execution. UNAVAILABLE: it runs, but
  // not here. Not to be called after the last step, an error, or Cancel.
  void Next(Callback<Step> done);
  // Ends the wait of a Next with CANCELLED and lets go of the execution.
  void Cancel();

  void OnAdvanced(int64_t sequence) override;
  void OnCompleted(const engine::ExecutionResult& result) override;
  void OnLost(const absl::Status& status) override;

 private:
  ExecutionFollower(store::ExecutionStore& store, MachineRegistry& registry, engine::Engine& engine,
                    const asl::Limits& limits, std::string execution_arn);

  void Observe();
  void ReadFirstRecord();
  void OnFirstRecord(absl::StatusOr<store::ExecutionRecord> record);
  void OnMachine(store::ExecutionRecord record, absl::StatusOr<engine::MachinePtr> machine);
  void ReadNews();
  void OnJournal(absl::StatusOr<std::vector<store::JournalRecord>> journal);
  void ReadLastRecord();
  void Deliver(bool last);
  void Fail(const absl::Status& status);
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wake();

  store::ExecutionStore& store_;
  MachineRegistry& registry_;
  engine::Engine& engine_;
  const asl::Limits limits_;
  const std::string arn_;

  // Belong to the Next under way.
  std::unique_ptr<engine::HistoryReplayer> replayer_;
  store::ExecutionRecord record_;
  std::vector<asl::HistoryEvent> events_;
  bool observed_ = false;

  Mutex mutex_;
  Callback<Step> waiting_ ABSL_GUARDED_BY(mutex_);  // of a Next under way
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;       // that Next has nothing to read now
  int64_t advanced_ ABSL_GUARDED_BY(mutex_) = 0;    // newest sequence number told
  int64_t fed_ ABSL_GUARDED_BY(mutex_) = 0;         // newest sequence number replayed
  bool completed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status lost_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace orderflow::api
