#include "orchestrator/api/history_page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/page_token.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/execution_replay.h"
#include "orchestrator/api/states_error.h"

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

absl::StatusOr<GetExecutionHistoryResponse> PageOf(const HistoryQuery& query, int64_t last_seen,
                                                   std::vector<asl::HistoryEvent> events) {
  if (query.newest_first) std::reverse(events.begin(), events.end());
  auto next = std::find_if(events.begin(), events.end(), [&](const asl::HistoryEvent& event) {
    if (last_seen == 0) return true;
    return query.newest_first ? event.id < last_seen : event.id > last_seen;
  });
  GetExecutionHistoryResponse response;
  for (; next != events.end() && response.events_size() < query.page_size; ++next) {
    ORDERFLOW_ASSIGN_OR_RETURN(*response.add_events(), ToProto(*next, query.execution_data));
  }
  if (next != events.end()) {
    response.set_next_token(MakePageToken(absl::StrCat(std::prev(next)->id), ListName(query)));
  }
  return response;
}

}  // namespace

void ReadHistoryPage(store::ExecutionStore& store, MachineRegistry& registry,
                     const asl::Limits& limits, HistoryQuery query,
                     Callback<GetExecutionHistoryResponse> done) {
  const absl::StatusOr<int64_t> last_seen = LastSeen(query);
  if (!last_seen.ok()) return std::move(done)(last_seen.status());
  std::string arn = query.execution_arn;
  ReplayExecution(store, registry, limits, std::move(arn),
                  [query = std::move(query), last_seen = *last_seen,
                   done = std::move(done)](absl::StatusOr<ReplayedExecution> execution) mutable {
                    if (!execution.ok()) return std::move(done)(execution.status());
                    absl::StatusOr<GetExecutionHistoryResponse> page =
                        PageOf(query, last_seen, std::move(execution->events));
                    if (!page.ok()) return std::move(done)(ToStatesError(page.status()));
                    std::move(done)(*std::move(page));
                  });
}

}  // namespace orderflow::api
