#include "orchestrator/api/history_page.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/page_token.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/engine/execution_log.h"
#include "orchestrator/engine/history.h"

namespace orderflow::api {
namespace {

using workflow::v1::GetExecutionHistoryResponse;

// Tells lists apart that a token must not be carried between.
std::string ListName(const HistoryQuery& query) {
  return absl::StrCat("history ", query.execution_arn, query.newest_first ? " newest first" : "");
}

// The id of the event that the page before ended with, 0 for the first page.
absl::StatusOr<int64_t> LastSeen(const HistoryQuery& query) {
  if (query.token.empty()) return 0;
  const absl::StatusOr<Page> page = ParsePage(query.page_size, query.token, ListName(query));
  int64_t last = 0;
  if (!page.ok() || !absl::SimpleAtoi(page->cursor, &last) || last < 1) return InvalidToken();
  return last;
}

// The steps of reading one page: row, machine, journal, replay.
class HistoryRead : public std::enable_shared_from_this<HistoryRead> {
 public:
  HistoryRead(store::ExecutionStore& store, MachineRegistry& registry, const asl::Limits& limits,
              HistoryQuery query, int64_t last_seen, Callback<GetExecutionHistoryResponse> done)
      : store_(store),
        registry_(registry),
        limits_(limits),
        query_(std::move(query)),
        last_seen_(last_seen),
        done_(std::move(done)) {}

  void Run() {
    store_.GetExecution(query_.execution_arn,
                        [self = shared_from_this()](absl::StatusOr<store::ExecutionRecord> record) {
                          self->OnRecord(std::move(record));
                        });
  }

 private:
  void OnRecord(absl::StatusOr<store::ExecutionRecord> record) {
    if (absl::IsNotFound(record.status())) return Fail(ExecutionDoesNotExist(query_.execution_arn));
    if (!record.ok()) return Fail(record.status());
    record_ = *std::move(record);
    registry_.Load(record_.revision,
                   [self = shared_from_this()](absl::StatusOr<engine::MachinePtr> machine) {
                     self->OnMachine(std::move(machine));
                   });
  }

  void OnMachine(absl::StatusOr<engine::MachinePtr> machine) {
    if (!machine.ok()) return Fail(machine.status());
    machine_ = *std::move(machine);
    store_.ReadJournal(
        record_.key, 1,
        [self = shared_from_this()](absl::StatusOr<std::vector<store::JournalRecord>> journal) {
          if (!journal.ok()) return self->Fail(journal.status());
          self->Answer(*journal);
        });
  }

  void Answer(const std::vector<store::JournalRecord>& journal) {
    std::vector<asl::HistoryEvent> events;
    engine::EventBuffer buffer(events);
    engine::HistoryReplayer replayer(std::move(machine_), std::move(record_), limits_);
    absl::Status replayed = replayer.Start(buffer);
    if (replayed.ok()) replayed = replayer.Feed(journal, buffer);
    if (!replayed.ok()) return Fail(replayed);
    absl::StatusOr<GetExecutionHistoryResponse> page = PageOf(events);
    if (!page.ok()) return Fail(page.status());
    std::move(done_)(*std::move(page));
  }

  absl::StatusOr<GetExecutionHistoryResponse> PageOf(std::vector<asl::HistoryEvent>& events) const {
    if (query_.newest_first) std::reverse(events.begin(), events.end());
    auto next = std::find_if(events.begin(), events.end(), [this](const asl::HistoryEvent& event) {
      if (last_seen_ == 0) return true;
      return query_.newest_first ? event.id < last_seen_ : event.id > last_seen_;
    });
    GetExecutionHistoryResponse response;
    for (; next != events.end() && response.events_size() < query_.page_size; ++next) {
      ORDERFLOW_ASSIGN_OR_RETURN(*response.add_events(), ToProto(*next, query_.execution_data));
    }
    if (next != events.end()) {
      const int64_t last = std::prev(next)->id;
      response.set_next_token(MakePageToken(absl::StrCat(last), ListName(query_)));
    }
    return response;
  }

  void Fail(const absl::Status& status) { std::move(done_)(ToStatesError(status)); }

  store::ExecutionStore& store_;
  MachineRegistry& registry_;
  const asl::Limits limits_;
  const HistoryQuery query_;
  const int64_t last_seen_;
  Callback<GetExecutionHistoryResponse> done_;
  store::ExecutionRecord record_;
  engine::MachinePtr machine_;
};

}  // namespace

void ReadHistoryPage(store::ExecutionStore& store, MachineRegistry& registry,
                     const asl::Limits& limits, HistoryQuery query,
                     Callback<GetExecutionHistoryResponse> done) {
  const absl::StatusOr<int64_t> last_seen = LastSeen(query);
  if (!last_seen.ok()) return std::move(done)(last_seen.status());
  std::make_shared<HistoryRead>(store, registry, limits, std::move(query), *last_seen,
                                std::move(done))
      ->Run();
}

}  // namespace orderflow::api
