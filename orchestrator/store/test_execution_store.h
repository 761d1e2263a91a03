#pragma once

// What the tests of ExecutionStore have in common: records, and a store on each database whose
// calls wait for their answers.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "orchestrator/store/sql_execution_store.h"

namespace orderflow::store {

inline const absl::Time kNow = absl::FromUnixMicros(1'700'000'000'123'456);

inline std::string MachineArn(std::string_view name) {
  return absl::StrCat("arn:aws:states:us-east-1:000000000000:stateMachine:", std::string(name));
}
inline std::string ExecutionArn(std::string_view machine, std::string_view name) {
  return absl::StrCat("arn:aws:states:us-east-1:000000000000:execution:", std::string(machine), ":",
                      std::string(name));
}

inline StateMachineRecord AMachine(std::string name) {
  return {.arn = MachineArn(name),
          .name = name,
          .type = MachineType::kStandard,
          .revision = 0,
          .revision_id = absl::StrCat("id-", name),
          .definition = R"({"StartAt":"A"})",
          .role_arn = "role",
          .logging = R"({"level":"ALL"})",
          .tags = R"([{"key":"a"}])",
          .create_time = kNow,
          .update_time = kNow};
}

inline ExecutionRecord AnExecution(const StateMachineRecord& machine, ExecutionKey key) {
  ExecutionRecord record;
  record.key = key;
  record.name = absl::StrCat("order-", key);
  record.arn = ExecutionArn(machine.name, record.name);
  record.state_machine_arn = machine.arn;
  record.revision = machine.revision;
  record.input = absl::StrCat(R"({"n":)", key, "}");
  record.trace_header = "00-trace";
  record.start_time = kNow + absl::Seconds(key);
  return record;
}

inline JournalRecord ARecord(ExecutionKey execution, int64_t sequence) {
  return {.execution = execution,
          .sequence = sequence,
          .kind = JournalRecord::Kind::kTaskSucceeded,
          .at = kNow + absl::Milliseconds(sequence),
          .subject = 10 + sequence,
          .payload = absl::StrCat(R"({"s":)", sequence, "}")};
}

inline ExecutionEnd Success(ExecutionKey key) {
  return {.execution = key,
          .status = ExecutionStatus::kSucceeded,
          .stop_time = kNow + absl::Hours(1),
          .output = R"({"ok":true})",
          .error = std::nullopt,
          .cause = std::nullopt,
          .failed_state = ""};
}

inline ExecutionEnd Failure(ExecutionKey key, std::string error,
                            ExecutionStatus status = ExecutionStatus::kFailed) {
  return {.execution = key,
          .status = status,
          .stop_time = kNow + absl::Hours(1),
          .output = std::nullopt,
          .error = std::move(error),
          .cause = "because",
          .failed_state = "Charge"};
}

class ExecutionStoreTest : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  ExecutionStoreTest() : url_(database::NewTestUrl(GetParam())), store_(Open()) {}

  std::unique_ptr<SqlExecutionStore> Open() {
    auto store = OpenExecutionStore({.url = url_, .name = "orchestrator"});
    EXPECT_THAT(store, IsOk());
    return store.ok() ? *std::move(store) : nullptr;
  }
  SqlExecutionStore& store() { return *store_; }

  absl::StatusOr<StateMachineRecord> Create(StateMachineRecord record) {
    return Await<StateMachineRecord>(
        [&](auto done) { store().CreateStateMachine(record, std::move(done)); });
  }
  absl::StatusOr<StateMachineRecord> Update(StateMachineRecord record) {
    return Await<StateMachineRecord>(
        [&](auto done) { store().UpdateStateMachine(record, std::move(done)); });
  }
  absl::Status Delete(const std::string& arn) {
    return AwaitStatus([&](auto done) { store().DeleteStateMachine(arn, std::move(done)); });
  }
  absl::StatusOr<StateMachineRecord> Get(const std::string& arn) {
    return Await<StateMachineRecord>(
        [&](auto done) { store().GetStateMachine(arn, std::move(done)); });
  }
  absl::StatusOr<StateMachineRecord> GetRevision(int64_t revision) {
    return Await<StateMachineRecord>(
        [&](auto done) { store().GetRevision(revision, std::move(done)); });
  }
  absl::StatusOr<Page<StateMachineRecord>> ListMachines(int size, const std::string& token = "") {
    return Await<Page<StateMachineRecord>>(
        [&](auto done) { store().ListStateMachines(size, token, std::move(done)); });
  }
  absl::StatusOr<StartOutcome> Start(const ExecutionRecord& execution) {
    return Start(store(), execution);
  }
  static absl::StatusOr<StartOutcome> Start(ExecutionStore& store,
                                            const ExecutionRecord& execution) {
    return Await<StartOutcome>([&](auto done) { store.Start(execution, std::move(done)); });
  }
  absl::Status Append(std::vector<JournalRecord> records, std::vector<ExecutionEnd> ends = {}) {
    return Append(store(), std::move(records), std::move(ends));
  }
  static absl::Status Append(ExecutionStore& store, std::vector<JournalRecord> records,
                             std::vector<ExecutionEnd> ends = {}) {
    return AwaitStatus([&](auto done) {
      store.Append(Batch{.records = std::move(records), .ends = std::move(ends)}, std::move(done));
    });
  }
  static absl::Status Append(ExecutionStore& store, Batch batch) {
    return AwaitStatus([&](auto done) { store.Append(std::move(batch), std::move(done)); });
  }
  absl::StatusOr<ExecutionRecord> GetExecution(const std::string& arn) {
    return Await<ExecutionRecord>([&](auto done) { store().GetExecution(arn, std::move(done)); });
  }
  absl::StatusOr<Page<ExecutionRecord>> List(const ExecutionFilter& filter, int size,
                                             const std::string& token = "") {
    return Await<Page<ExecutionRecord>>(
        [&](auto done) { store().ListExecutions(filter, size, token, std::move(done)); });
  }
  std::vector<JournalRecord> Journal(ExecutionKey key, int64_t from = 1) {
    auto records = Await<std::vector<JournalRecord>>(
        [&](auto done) { store().ReadJournal(key, from, std::move(done)); });
    EXPECT_THAT(records, IsOk());
    return *std::move(records);
  }
  std::vector<ExecutionStore::Unfinished> Unfinished(ExecutionKey after, int limit) {
    auto page = Await<std::vector<ExecutionStore::Unfinished>>(
        [&](auto done) { store().ReadUnfinished(after, limit, std::move(done)); });
    EXPECT_THAT(page, IsOk());
    return *std::move(page);
  }
  // The keys of all pages of a list.
  std::vector<ExecutionKey> Keys(const ExecutionFilter& filter, int page_size = 3) {
    std::vector<ExecutionKey> keys;
    std::string token;
    do {
      const auto page = List(filter, page_size, token);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const ExecutionRecord& record : page->items) keys.push_back(record.key);
      token = page->next.value_or("");
    } while (!token.empty());
    return keys;
  }

  StateMachineRecord Machine(const std::string& name = "orders") {
    auto machine = Create(AMachine(name));
    EXPECT_THAT(machine, IsOk());
    return *std::move(machine);
  }

  const std::string url_;
  std::unique_ptr<SqlExecutionStore> store_;
};

}  // namespace orderflow::store
