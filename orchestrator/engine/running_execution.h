#pragma once

// What a shard knows of one execution. Used by the shard only.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/callback.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/shard.h"

namespace orderflow::engine {

struct Shard::Waiting {
  int64_t number;
  Waiter waiter;
};

// An execution in memory.
struct Shard::Running {
  struct OpenTask {
    asl::AttemptId attempt;
    const asl::Resource* resource;  // owned by the machine; null: a child execution
    absl::Time started;
    std::unique_ptr<tasks::RunningTask> handle;  // null: only a signal is waited for
  };
  // An input, and who is to be told when it is durable (empty: nobody).
  struct Signal {
    asl::Input input;
    StatusCallback done;
  };
  struct Told {
    int64_t sequence;
    StatusCallback done;
  };
  struct OpenTimer {
    asl::TimerId timer;
    int64_t due_micros;
  };

  Running(Accepted accepted, const asl::Limits& limits)
      : key(accepted.key),
        machine(std::move(accepted.machine)),
        traceparent(std::move(accepted.traceparent)),
        slot(std::move(accepted.slot)),
        execution(machine->definition, std::move(accepted.context), limits),
        last_at(execution.context().start_time) {}

  OpenTask* FindTask(asl::AttemptId attempt) {
    for (OpenTask& open : tasks) {
      if (open.attempt == attempt) return &open;
    }
    return nullptr;
  }
  const std::string& arn() const { return execution.context().execution_arn; }
  absl::Time start_time() const { return execution.context().start_time; }
  bool journaled() const { return machine->record.type == store::MachineType::kStandard; }

  const store::ExecutionKey key;
  const MachinePtr machine;
  const std::string traceparent;
  const RunningSlot slot;
  asl::Execution execution;
  absl::Time last_at;
  int64_t sequence = 0;      // of the last input taken
  int64_t durable = 0;       // of the last input that is durable
  int64_t batch = 0;         // the batch that holds its newest inputs; 0: all are durable
  std::vector<Signal> held;  // wait for that batch
  std::vector<Told> told;    // when their inputs are durable, in the order of these
  std::vector<OpenTask> tasks;
  std::vector<OpenTimer> timers;
  std::vector<Waiting> waiters;
  std::vector<std::shared_ptr<ExecutionObserver>> observers;
};

}  // namespace orderflow::engine
