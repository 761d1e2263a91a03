#pragma once

// Test support: the engine's surroundings in virtual time. Everything that happens is an event in
// one queue, ordered by time and then by chance, so that a seed names one exact course of events.

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::engine {

// What is going to happen, and when. One thread only.
class EventQueue {
 public:
  EventQueue(FakeClock& clock, uint64_t seed) : clock_(clock), random_(seed) {}

  // Runs `event` at a random time within `range` from now.
  void After(std::pair<absl::Duration, absl::Duration> range, absl::AnyInvocable<void() &&> event);
  // Moves the clock to the next event, at most to `limit`, and runs it. False: `limit` comes first.
  bool RunNext(absl::Time limit);
  absl::Time NextTime() const {
    return events_.empty() ? absl::InfiniteFuture() : events_.begin()->first.first;
  }
  // What was going to happen does not: the process is dead.
  void DropAll() { events_.clear(); }

  bool Chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  int64_t Pick(int64_t from, int64_t to) {
    return std::uniform_int_distribution(from, to)(random_);
  }

 private:
  FakeClock& clock_;
  std::mt19937_64 random_;
  std::map<std::pair<absl::Time, uint64_t>, absl::AnyInvocable<void() &&>> events_;
};

// A store whose contents survive a crash, with answers that take their time, come in any order, and
// fail in an outage. Fails the test if the engine breaks the rules of the journal.
class SimulatedStore final : public store::ExecutionStore {
 public:
  struct Row {
    store::ExecutionRecord record;
    std::vector<store::JournalRecord> journal;
  };

  explicit SimulatedStore(EventQueue& events) : events_(events) {}

  // While set, nothing is written: everything is answered UNAVAILABLE.
  void SetOutage(bool outage) { outage_ = outage; }
  // The next append that holds this execution is refused as if another writer had it.
  void FenceOff(store::ExecutionKey execution) { fenced_.insert(execution); }

  const std::map<store::ExecutionKey, Row>& rows() const { return rows_; }
  const Row* Find(const std::string& arn) const;
  int64_t batches() const { return batches_; }

  void Start(store::ExecutionRecord execution, Callback<store::StartOutcome> done) override;
  void Append(store::Batch batch, StatusCallback done) override;
  void GetExecution(std::string arn, Callback<store::ExecutionRecord> done) override;
  void ReadUnfinished(store::ExecutionKey after, int limit,
                      Callback<std::vector<Unfinished>> done) override;
  void GetLastKey(Callback<store::ExecutionKey> done) override;
  void ReadJournal(store::ExecutionKey execution, int64_t from_sequence,
                   Callback<std::vector<store::JournalRecord>> done) override;

  // The engine asks nothing of this.
  void CreateStateMachine(store::StateMachineRecord, Callback<store::StateMachineRecord>) override;
  void UpdateStateMachine(store::StateMachineRecord, Callback<store::StateMachineRecord>) override;
  void DeleteStateMachine(std::string, StatusCallback) override;
  void GetStateMachine(std::string, Callback<store::StateMachineRecord>) override;
  void GetRevision(int64_t, Callback<store::StateMachineRecord>) override;
  void ListStateMachines(int, std::string,
                         Callback<store::Page<store::StateMachineRecord>>) override;
  void ListExecutions(store::ExecutionFilter, int, std::string,
                      Callback<store::Page<store::ExecutionRecord>>) override;
  void Check(StatusCallback) override;

 private:
  template <typename T>
  void Answer(Callback<T> done, T value);
  absl::Status Write(const store::Batch& batch);

  EventQueue& events_;
  bool outage_ = false;
  int64_t batches_ = 0;
  std::set<store::ExecutionKey> fenced_;
  std::map<store::ExecutionKey, Row> rows_;
  std::map<std::string, store::ExecutionKey> keys_;
};

// Services that answer each idempotency key with one answer for ever, after a while, or fail now
// and then in a way that a retry mends. A failure that is the answer stays one only until the call
// is repeated. They outlive the engine's crashes. Before a call is taken,
// the test fails unless the durable journal of its execution, replayed, says that exactly this call
// is due.
class SimulatedServices final : public tasks::TaskRunner {
 public:
  // What a service answers: by resource and input.
  using Behaviour = std::function<tasks::TaskOutcome(const tasks::TaskCall&)>;

  SimulatedServices(EventQueue& events, const SimulatedStore& store, MachinePtr machine,
                    Behaviour behaviour, double trouble)
      : events_(events),
        store_(store),
        machine_(std::move(machine)),
        behaviour_(std::move(behaviour)),
        trouble_(trouble) {}

  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone done) override;
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }

  struct Key {
    std::string resource;
    json::Value input;
    tasks::TaskOutcome answer;
    int troubles = 0;  // failures and silences so far
    int calls = 0;
  };
  const std::map<std::string, Key>& keys() const { return keys_; }

 private:
  void ExpectDue(const tasks::TaskCall& call) const;

  EventQueue& events_;
  const SimulatedStore& store_;
  const MachinePtr machine_;
  const Behaviour behaviour_;
  const double
      trouble_;  // probability that a call fails or is never answered, as long as retries are left
  std::map<std::string, Key> keys_;
};

}  // namespace orderflow::engine
