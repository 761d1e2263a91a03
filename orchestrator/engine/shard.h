#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/committer.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/inbox.h"
#include "orchestrator/engine/messages.h"
#include "orchestrator/engine/timer_queue.h"
#include "orchestrator/engine/turn.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::engine {

// The answer to a signal for an attempt that nobody waits for any more.
absl::Status TaskClosed();

// Runs a share of the executions. Takes what was posted, lets the interpreter decide, brings the
// inputs to the journal, and carries out what was decided once it is durable. Knows no threads,
// clock or lock: whoever owns it calls RunOnce with the time, be it a thread or a simulation.
//
// Invariants: an effect is carried out, and a result told, only when the input that led to it and
// all earlier ones of that execution are durable. An execution with inputs on their way to the disk
// takes no further ones until they are there (other executions do), so no record can become durable
// before an earlier one.
//
// Post is thread-safe, all else is for one thread only. Borrows everything that it is given.
class Shard {
 public:
  // Read by any thread.
  struct Counters {
    std::atomic<int64_t> running = 0, started = 0, lost = 0;
    std::atomic<int64_t> ended[5] = {};  // by store::ExecutionStatus
    std::atomic<int64_t> open_tasks = 0, open_timers = 0;
  };

  Shard(const Options& options, store::Journal& journal, tasks::TaskRunner& runner,
        ChildRunner& children);
  ~Shard();

  // Lets go of all executions and cancels their tasks, at the end of an engine that was not halted.
  // Before any of its shards goes: a task may be an execution of another one, which is told that
  // nobody waits for it any more.
  void Abandon();

  // The shard may end while somebody is still in here: what is posted can be what ends it.
  void Post(Message message) {
    const std::shared_ptr<Inbox> inbox = inbox_;
    inbox->Post(std::move(message));
  }

  // Processes all that was posted and all that is due.
  void RunOnce(absl::Time now);
  // When RunOnce must be called again if nothing is posted before.
  std::optional<absl::Time> NextDue() const;
  Inbox& inbox() { return *inbox_; }

  const Counters& counters() const { return counters_; }
  const Committer::Counters& commits() const { return committer_.counters(); }

 private:
  struct Running;
  struct Waiting;

  void On(std::unique_ptr<Begin> message);
  void On(std::unique_ptr<Resume> message);
  void On(std::unique_ptr<Redrive> message);
  void On(TaskAnswered message);
  void On(TaskAccepted message);
  void On(TaskSignalled message);
  void On(BatchDone message);
  void On(StopAsked message);
  void On(MapRunUpdateAsked message);
  void On(WaitAsked message);
  void On(GivenUp message);
  void On(ObserveAsked message);
  void On(UnobserveAsked message);
  void On(ChildrenTakenUp message);
  void On(Delayed message);
  void On(Barrier message);
  void On(Halt message);

  Running& Add(Accepted accepted);
  Running* Find(store::ExecutionKey key);
  Running* Find(std::string_view arn);
  absl::Status Replay(Running& running, const store::ExecutionStore::Unfinished& row,
                      std::vector<asl::Effect>& last);

  void FireTimers();
  // `done` is told when the input is durable, or why it was not taken.
  void Take(Running& running, asl::Input input, StatusCallback done = nullptr);
  void Apply(Running& running, asl::Input input, StatusCallback done = nullptr);
  absl::Status Ignored(const Running& running, const asl::Input& input) const;
  void Hand(Running& running, Turn turn);
  static void NoteMapRun(const asl::RunTask& task, Turn& turn);
  void ReleaseHeld(store::ExecutionKey key);

  void Settle(Turn turn);
  void Perform(Running& running, Turn turn);
  void Do(Running& running, asl::RunTask effect);
  void Do(Running& running, const asl::CancelTask& effect);
  void Do(Running& running, const asl::SetTimer& effect);
  void Do(Running& running, const asl::CancelTimer& effect);
  void Do(Running& running, const asl::Complete& effect);

  // Tasks (shard_tasks.cc).
  void RunChild(Running& running, asl::RunTask effect);
  bool WasTaken(const Running& running, asl::AttemptId attempt,
                const asl::Resource& resource) const;
  void CloseAnswered(Running& running, const asl::Input& input);
  void TellUpTo(Running& running, int64_t sequence);
  void TellAll(Running& running, const absl::Status& status);
  void EndTask(Running& running, asl::AttemptId attempt, AttemptEnd end);
  // `resource`: null for a child execution, which counts as an execution.
  void EndAttempt(const asl::Resource* resource, absl::Time started, AttemptEnd end);
  void AddWaiter(Running& running, Waiter waiter);
  void EndWait(Running& running, int64_t number, const absl::Status& status);
  void Finish(Running& running, const ExecutionResult& result);
  void Lose(Running& running, const absl::Status& status);
  std::vector<Waiting> ForgetWaiters(Running& running);
  void Remove(Running& running);
  void CompleteHalt();
  static absl::Status Halting();
  // Adds to a counter that only the shard writes.
  static void Bump(std::atomic<int64_t>& counter, int64_t by = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  const Options& options_;
  tasks::TaskRunner& runner_;
  ChildRunner& children_;
  const std::shared_ptr<Inbox> inbox_;
  Committer committer_;
  TimerQueue timers_;
  std::multimap<absl::Time, absl::AnyInvocable<void() &&>> delayed_;

  absl::flat_hash_map<store::ExecutionKey, std::unique_ptr<Running>> executions_;
  // The keys are the strings in the executions' contexts.
  absl::flat_hash_map<std::string_view, Running*> by_arn_;

  absl::Time now_;
  std::vector<Message> messages_;     // being processed; kept for its capacity
  std::vector<asl::Effect> effects_;  // the same
  int64_t next_waiter_ = 1;
  std::deque<WaitTicket> given_up_;  // the newest ones that came before whom they belong to
  std::optional<absl::AnyInvocable<void() &&>> halted_;  // set: no more inputs
  bool halt_complete_ = false;
  Counters counters_;
};

}  // namespace orderflow::engine
