#include "orchestrator/api/execution_replay.h"

#include <memory>
#include <utility>

#include "common/base/status.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/engine/execution_log.h"

namespace orderflow::api {
namespace {

// The steps: row, machine, journal, replay.
class Replay : public std::enable_shared_from_this<Replay> {
 public:
  Replay(store::ExecutionStore& store, MachineRegistry& registry, const asl::Limits& limits,
         std::string execution_arn, Callback<ReplayedExecution> done)
      : store_(store),
        registry_(registry),
        limits_(limits),
        arn_(std::move(execution_arn)),
        done_(std::move(done)) {}

  void Run() {
    store_.GetExecution(arn_,
                        [self = shared_from_this()](absl::StatusOr<store::ExecutionRecord> record) {
                          self->OnRecord(std::move(record));
                        });
  }

 private:
  void OnRecord(absl::StatusOr<store::ExecutionRecord> record) {
    if (absl::IsNotFound(record.status())) return Fail(ExecutionDoesNotExist(arn_));
    if (!record.ok()) return Fail(record.status());
    replayed_.record = *std::move(record);
    registry_.Load(replayed_.record.revision,
                   [self = shared_from_this()](absl::StatusOr<engine::MachinePtr> machine) {
                     self->OnMachine(std::move(machine));
                   });
  }

  void OnMachine(absl::StatusOr<engine::MachinePtr> machine) {
    if (!machine.ok()) return Fail(machine.status());
    replayed_.machine = *std::move(machine);
    store_.ReadJournal(
        replayed_.record.key, 1,
        [self = shared_from_this()](absl::StatusOr<std::vector<store::JournalRecord>> journal) {
          if (!journal.ok()) return self->Fail(journal.status());
          self->Answer(*journal);
        });
  }

  void Answer(const std::vector<store::JournalRecord>& journal) {
    engine::EventBuffer buffer(replayed_.events);
    auto replayer =
        std::make_shared<engine::HistoryReplayer>(replayed_.machine, replayed_.record, limits_);
    absl::Status status = replayer->Start(buffer);
    if (status.ok()) status = replayer->Feed(journal, buffer);
    if (!status.ok()) return Fail(status);
    replayed_.replayer = std::move(replayer);
    std::move(done_)(std::move(replayed_));
  }

  void Fail(const absl::Status& status) { std::move(done_)(ToStatesError(status)); }

  store::ExecutionStore& store_;
  MachineRegistry& registry_;
  const asl::Limits limits_;
  const std::string arn_;
  Callback<ReplayedExecution> done_;
  ReplayedExecution replayed_;
};

}  // namespace

void ReplayExecution(store::ExecutionStore& store, MachineRegistry& registry,
                     const asl::Limits& limits, std::string execution_arn,
                     Callback<ReplayedExecution> done) {
  std::make_shared<Replay>(store, registry, limits, std::move(execution_arn), std::move(done))
      ->Run();
}

}  // namespace orderflow::api
