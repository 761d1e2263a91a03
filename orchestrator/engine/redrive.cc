#include "orchestrator/engine/redrive.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/engine/child_machine.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/messages.h"

namespace orderflow::engine {
namespace {

// When the execution was redriven with this token, if it was of late.
std::optional<absl::Time> FindToken(const std::vector<store::JournalRecord>& journal,
                                    const std::string& token, absl::Time now) {
  if (token.empty()) return std::nullopt;
  int looked_at = 0;
  for (auto record = journal.rbegin(); record != journal.rend(); ++record) {
    if (!IsRedrive(*record)) continue;
    if (looked_at++ == kTokensKept || record->at < now - kTokenLife) return std::nullopt;
    const absl::StatusOr<asl::Input> input = DecodeRecord(*record);
    if (input.ok() && std::get<asl::Redriven>(input->what).token == token) return record->at;
  }
  return std::nullopt;
}

// The steps: row, journal, machine, shard.
class Redriving : public std::enable_shared_from_this<Redriving> {
 public:
  Redriving(RedriveContext context, RedriveRequest request, Callback<absl::Time> done,
            absl::AnyInvocable<void() &&> settled)
      : context_(std::move(context)),
        request_(std::move(request)),
        done_(std::move(done)),
        settled_(std::move(settled)) {}

  void Run() {
    context_.store.GetExecution(
        request_.arn, [self = shared_from_this()](absl::StatusOr<store::ExecutionRecord> record) {
          if (!record.ok()) return self->Answer(record.status());
          self->ended_.execution = *std::move(record);
          self->ReadJournal();
        });
  }

 private:
  void ReadJournal() {
    context_.store.ReadJournal(
        ended_.execution.key, 1,
        [self = shared_from_this()](absl::StatusOr<std::vector<store::JournalRecord>> journal) {
          if (!journal.ok()) return self->Answer(journal.status());
          self->ended_.journal = *std::move(journal);
          self->Decide();
        });
  }

  void Decide() {
    const store::ExecutionRecord& record = ended_.execution;
    const absl::Time now = context_.clock.Now();
    const std::optional<absl::Time> before = FindToken(ended_.journal, request_.token, now);
    if (before) return Answer(*before);
    const auto why = WhyNotRedrivable(record, now, context_.limits);
    if (why) return Answer(NotRedrivable(*why));
    if (!record.map_run_arn.empty() && request_.origin.empty()) {
      return Answer(NotRedrivable(
          "Execution is part of a Map Run and is redriven with the execution that the Map Run "
          "belongs to"));
    }
    context_.load_machine(record.revision,
                          [self = shared_from_this()](absl::StatusOr<MachinePtr> machine) {
                            if (!machine.ok()) return self->Answer(machine.status());
                            self->HandOver(*machine);
                          });
  }

  void HandOver(const MachinePtr& root) {
    const store::ExecutionRecord& record = ended_.execution;
    const MachinePtr machine = MachineOf(root, record);
    if (machine == nullptr) {
      return Answer(absl::DataLossError(absl::StrCat("execution ", record.arn,
                                                     " cannot be redriven: there is no Map state ",
                                                     record.map_state)));
    }
    Accepted accepted{record.key, machine, MakeContext(record, *machine), TraceparentOf(record),
                      std::move(request_.slot)};
    std::string origin =
        request_.origin.empty() ? OriginOnceRedriven(record) : std::move(request_.origin);
    asl::Redriven input{std::move(request_.token), std::move(origin)};
    context_.hand_over(std::make_unique<Redrive>(
        Redrive{std::move(accepted), std::move(ended_), std::move(input), std::move(done_)}));
    std::move(settled_)();
  }

  void Answer(absl::StatusOr<absl::Time> answer) {
    request_.slot = RunningSlot();  // free before anybody hears
    std::move(done_)(std::move(answer));
    std::move(settled_)();
  }

  const RedriveContext context_;
  RedriveRequest request_;
  Callback<absl::Time> done_;
  absl::AnyInvocable<void() &&> settled_;
  store::ExecutionStore::Unfinished ended_;
};

}  // namespace

std::optional<std::string_view> WhyNotRedrivable(const store::ExecutionRecord& record,
                                                 absl::Time now, const asl::Limits& limits) {
  if (record.status == store::ExecutionStatus::kRunning)
    return "Execution is RUNNING and cannot be redriven";
  if (record.status == store::ExecutionStatus::kSucceeded)
    return "Execution is SUCCEEDED and cannot be redriven";
  if (record.machine_deleted) return "State machine is in DELETING status";
  if (!asl::MayBeRedriven(record.events, limits)) return kEventLimitExceeded;
  if (now - record.start_time > kLongestExecution)
    return "Execution has exceeded the max execution time";
  if (record.stop_time && now - *record.stop_time > kRedrivablePeriod)
    return "Execution redrivable period exceeded";
  return std::nullopt;
}

absl::Status NotRedrivable(std::string_view why) {
  return WithErrorInfo(absl::FailedPreconditionError(absl::string_view(why.data(), why.size())),
                       ErrorInfo{"ExecutionNotRedrivable", "states.orderflow", {}});
}

void RunRedrive(RedriveContext context, RedriveRequest request, Callback<absl::Time> done,
                absl::AnyInvocable<void() &&> settled) {
  std::make_shared<Redriving>(std::move(context), std::move(request), std::move(done),
                              std::move(settled))
      ->Run();
}

}  // namespace orderflow::engine
