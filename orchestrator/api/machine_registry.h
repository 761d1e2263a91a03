#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "orchestrator/api/substitutions.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::api {

// The state machines of this orchestrator: keeps their definitions in the store and the parsed ones
// in memory, so that a start parses nothing. A revision never changes once it exists, so it is
// parsed once.
//
// The errors are those of the Step Functions API (states_error.h).
//
// Thread-safe. Borrows store, runner and clock, which must outlive it and all calls under way.
class MachineRegistry {
 public:
  struct Options {
    std::string region = "us-east-1";
    std::string account = "000000000000";
    Substitutions substitutions;
    std::string token_key;  // as engine::Options has it
    size_t max_cached_revisions = 1000;
  };

  MachineRegistry(Options options, store::ExecutionStore& store, tasks::TaskRunner& runner,
                  const Clock& clock);

  std::string ArnOf(std::string_view machine_name) const;
  // What a definition may name here: what Parse goes by.
  asl::ParseOptions DefinitionOptions(store::MachineType type) const;
  // All that is wrong with a definition; errors and warnings.
  asl::ParsedDefinition Parse(std::string_view definition,
                              store::MachineType type = store::MachineType::kStandard) const;

  // The same, and what the types of its tasks tell of it, whose servers are asked for them. Called
  // from within, or on a thread of the runner's in bounded time.
  void Check(std::string_view definition, store::MachineType type,
             absl::AnyInvocable<void(asl::ParsedDefinition) &&> done);

  // Creates one, or answers the one that exists with the same name, definition, type and logging.
  // `record` has name, type, definition, role_arn, logging and tags. InvalidDefinition,
  // StateMachineAlreadyExists.
  void Create(store::StateMachineRecord record, Callback<store::StateMachineRecord> done);

  // What is to change; the rest stays.
  struct Change {
    std::optional<std::string> definition;
    std::optional<std::string> role_arn;
    std::optional<std::string> logging;
  };
  // InvalidDefinition, StateMachineDoesNotExist.
  void Update(std::string arn, Change change, Callback<store::StateMachineRecord> done);
  void Delete(std::string arn, StatusCallback done);

  // The newest revision, ready to run. `done` is called from within where it is in memory.
  // StateMachineDoesNotExist; FAILED_PRECONDITION: its definition is not understood (any more),
  // such as for a missing substitution.
  void Find(std::string arn, Callback<engine::MachinePtr> done);
  // The same for a certain revision, also of a deleted state machine: the engine's MachineLoader.
  void Load(int64_t revision, Callback<engine::MachinePtr> done);

  // Forgets the newest revision: the store may know a newer one.
  void Forget(const std::string& arn);

 private:
  absl::StatusOr<engine::MachinePtr> Prepare(store::StateMachineRecord record) const;
  engine::MachinePtr Remember(engine::MachinePtr machine, std::optional<int64_t> newest_as_of);
  void AnswerKnown(store::StateMachineRecord wanted, Callback<store::StateMachineRecord> done);

  const Options options_;
  store::ExecutionStore& store_;
  tasks::TaskRunner& runner_;
  const Clock& clock_;

  Mutex mutex_;
  absl::flat_hash_map<std::string, engine::MachinePtr> newest_ ABSL_GUARDED_BY(mutex_);  // by ARN
  absl::flat_hash_map<int64_t, engine::MachinePtr> revisions_ ABSL_GUARDED_BY(mutex_);
  // Changes with every update or deletion, so that a read that was under way does not put an old
  // revision back.
  int64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace orderflow::api
