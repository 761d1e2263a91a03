#include "orchestrator/engine/history.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/engine/child_machine.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::engine {

namespace {

// Where the Map state is not there the replay fails, as the states do not fit.
MachinePtr MachineOr(MachinePtr root, const store::ExecutionRecord& record) {
  MachinePtr machine = MachineOf(root, record);
  return machine != nullptr ? machine : root;
}

}  // namespace

HistoryReplayer::HistoryReplayer(MachinePtr machine, store::ExecutionRecord record,
                                 const asl::Limits& limits)
    : machine_(MachineOr(std::move(machine), record)),
      record_(std::move(record)),
      execution_(machine_->definition, MakeContext(record_, *machine_), limits) {}

absl::Status HistoryReplayer::Start(asl::EventSink& sink) {
  ORDERFLOW_ASSIGN_OR_RETURN(const asl::Input start, DecodeStart(record_));
  execution_.Apply(start, effects_, &sink);
  return absl::OkStatus();
}

absl::Status HistoryReplayer::Feed(const std::vector<store::JournalRecord>& records,
                                   asl::EventSink& sink) {
  for (const store::JournalRecord& record : records) {
    ORDERFLOW_ASSIGN_OR_RETURN(const asl::Input input, DecodeRecord(record));
    effects_.clear();
    if (record.sequence != sequence_ + 1 || !execution_.Apply(input, effects_, &sink)) {
      return absl::DataLossError(absl::StrCat("execution ", record_.arn,
                                              " cannot be replayed: record ", record.sequence,
                                              " does not follow from those before"));
    }
    sequence_ = record.sequence;
  }
  return absl::OkStatus();
}

}  // namespace orderflow::engine
