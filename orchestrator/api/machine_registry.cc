#include "orchestrator/api/machine_registry.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/logging_configuration.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/uuid.h"
#include "orchestrator/engine/arn.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/tasks/definition_check.h"

namespace orderflow::api {
namespace {

using store::StateMachineRecord;

absl::Status AlreadyExists(const std::string& arn) {
  return StatesError("StateMachineAlreadyExists",
                     absl::StrCat("State Machine Already Exists: '", arn, "'"));
}

// As AWS compares them: role and tags do not matter.
bool IsSame(const StateMachineRecord& a, const StateMachineRecord& b) {
  return a.definition == b.definition && a.type == b.type && a.logging == b.logging;
}

absl::Status NotFoundAs(const absl::Status& status, const std::string& arn) {
  return absl::IsNotFound(status) ? StateMachineDoesNotExist(arn) : ToStatesError(status);
}

}  // namespace

MachineRegistry::MachineRegistry(Options options, store::ExecutionStore& store,
                                 tasks::TaskRunner& runner, const Clock& clock)
    : options_(std::move(options)), store_(store), runner_(runner), clock_(clock) {}

std::string MachineRegistry::ArnOf(std::string_view machine_name) const {
  return engine::StateMachineArn(options_.region, options_.account, machine_name);
}

asl::ParseOptions MachineRegistry::DefinitionOptions(store::MachineType type) const {
  asl::ParseOptions options;
  options.max_definition_bytes = kMaxDefinitionBytes;
  options.express = type == store::MachineType::kExpress;
  options.substitute = [this](std::string_view name) -> std::optional<std::string> {
    const auto found = options_.substitutions.find(name);
    if (found == options_.substitutions.end()) return std::nullopt;
    return found->second;
  };
  options.check_resource = [this](std::string_view resource) {
    return runner_.CheckResource(resource);
  };
  options.check_arguments = [this](std::string_view resource, const json::Value& arguments) {
    return runner_.CheckArguments(resource, arguments);
  };
  options.distributed_maps = true;
  return options;
}

asl::ParsedDefinition MachineRegistry::Parse(std::string_view definition,
                                             store::MachineType type) const {
  return asl::ParseStateMachine(definition, DefinitionOptions(type));
}

void MachineRegistry::Check(std::string_view definition, store::MachineType type,
                            absl::AnyInvocable<void(asl::ParsedDefinition) &&> done) {
  asl::ParsedDefinition parsed = Parse(definition, type);
  // What has mistakes is not looked at any closer.
  if (parsed.machine == nullptr) return std::move(done)(std::move(parsed));
  std::shared_ptr<const asl::StateMachine> machine = parsed.machine;
  tasks::CheckTypes(std::move(machine), runner_,
                    [parsed = std::move(parsed),
                     done = std::move(done)](std::vector<asl::Diagnostic> found) mutable {
                      parsed.diagnostics.insert(parsed.diagnostics.end(), found.begin(),
                                                found.end());
                      std::move(done)(std::move(parsed));
                    });
}

// A definition that the store holds was good once: what is wrong now lies in this process's
// settings.
absl::StatusOr<engine::MachinePtr> MachineRegistry::Prepare(StateMachineRecord record) const {
  asl::ParsedDefinition parsed = Parse(record.definition, record.type);
  if (parsed.machine == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "state machine ", record.arn, ", revision ", record.revision,
        ", is not understood: ", std::string(InvalidDefinition(parsed.diagnostics).message())));
  }
  auto machine = std::make_shared<engine::Machine>();
  ApplyLogging(record.logging, *machine);
  machine->token_key = options_.token_key;
  machine->record = std::move(record);
  machine->definition = std::move(parsed.machine);
  return machine;
}

// Answers the machine of this revision that is in memory already, if there is one. It is the newest
// of its state machine if nothing has changed since generation `newest_as_of`.
engine::MachinePtr MachineRegistry::Remember(engine::MachinePtr machine,
                                             std::optional<int64_t> newest_as_of) {
  MutexLock lock(mutex_);
  if (revisions_.size() >= options_.max_cached_revisions) revisions_.clear();
  engine::MachinePtr kept = revisions_.try_emplace(machine->record.revision, machine).first->second;
  if (newest_as_of == generation_) newest_[machine->record.arn] = kept;
  return kept;
}

void MachineRegistry::Forget(const std::string& arn) {
  MutexLock lock(mutex_);
  newest_.erase(arn);
  ++generation_;
}

void MachineRegistry::Create(StateMachineRecord record, Callback<StateMachineRecord> done) {
  if (asl::ParsedDefinition parsed = Parse(record.definition, record.type);
      parsed.machine == nullptr) {
    return std::move(done)(InvalidDefinition(parsed.diagnostics));
  }
  record.arn = ArnOf(record.name);
  record.revision_id = NewUuid();
  record.create_time = record.update_time = engine::ToWholeMicroseconds(clock_.Now());
  store_.CreateStateMachine(record, [this, record, done = std::move(done)](
                                        absl::StatusOr<StateMachineRecord> created) mutable {
    if (absl::IsAlreadyExists(created.status())) {
      return AnswerKnown(std::move(record), std::move(done));
    }
    if (!created.ok()) return std::move(done)(ToStatesError(created.status()));
    Forget(record.arn);
    std::move(done)(*std::move(created));
  });
}

void MachineRegistry::AnswerKnown(StateMachineRecord wanted, Callback<StateMachineRecord> done) {
  std::string arn = wanted.arn;
  store_.GetStateMachine(std::move(arn), [wanted = std::move(wanted), done = std::move(done)](
                                             absl::StatusOr<StateMachineRecord> known) mutable {
    if (!known.ok()) {
      // Deleted in between: the caller's next try creates it.
      return std::move(done)(absl::IsNotFound(known.status())
                                 ? StatesError("ServiceUnavailable", "a race was lost; try again")
                                 : ToStatesError(known.status()));
    }
    if (!IsSame(*known, wanted)) return std::move(done)(AlreadyExists(wanted.arn));
    std::move(done)(*std::move(known));
  });
}

void MachineRegistry::Update(std::string arn, Change change, Callback<StateMachineRecord> done) {
  auto on_read = [this, arn, change = std::move(change),
                  done = std::move(done)](absl::StatusOr<StateMachineRecord> record) mutable {
    if (!record.ok()) return std::move(done)(NotFoundAs(record.status(), arn));
    if (change.definition) {
      asl::ParsedDefinition parsed = Parse(*change.definition, record->type);
      if (parsed.machine == nullptr) return std::move(done)(InvalidDefinition(parsed.diagnostics));
      record->definition = *std::move(change.definition);
    }
    if (change.role_arn) record->role_arn = *std::move(change.role_arn);
    if (change.logging) record->logging = *std::move(change.logging);
    record->revision_id = NewUuid();
    record->update_time = engine::ToWholeMicroseconds(clock_.Now());
    store_.UpdateStateMachine(
        *std::move(record),
        [this, arn, done = std::move(done)](absl::StatusOr<StateMachineRecord> updated) mutable {
          if (!updated.ok()) return std::move(done)(NotFoundAs(updated.status(), arn));
          Forget(arn);
          std::move(done)(*std::move(updated));
        });
  };
  store_.GetStateMachine(std::move(arn), std::move(on_read));
}

void MachineRegistry::Delete(std::string arn, StatusCallback done) {
  store_.DeleteStateMachine(arn, [this, arn, done = std::move(done)](absl::Status status) mutable {
    if (status.ok()) Forget(arn);
    std::move(done)(ToStatesError(status));
  });
}

void MachineRegistry::Find(std::string arn, Callback<engine::MachinePtr> done) {
  engine::MachinePtr known;
  int64_t generation = 0;
  {
    MutexLock lock(mutex_);
    const auto found = newest_.find(arn);
    if (found != newest_.end()) known = found->second;
    generation = generation_;
  }
  if (known != nullptr) return std::move(done)(std::move(known));
  store_.GetStateMachine(arn, [this, arn, generation, done = std::move(done)](
                                  absl::StatusOr<StateMachineRecord> record) mutable {
    if (!record.ok()) return std::move(done)(NotFoundAs(record.status(), arn));
    absl::StatusOr<engine::MachinePtr> machine = Prepare(*std::move(record));
    if (!machine.ok()) return std::move(done)(machine.status());
    std::move(done)(Remember(*std::move(machine), generation));
  });
}

void MachineRegistry::Load(int64_t revision, Callback<engine::MachinePtr> done) {
  engine::MachinePtr known;
  {
    MutexLock lock(mutex_);
    const auto found = revisions_.find(revision);
    if (found != revisions_.end()) known = found->second;
  }
  if (known != nullptr) return std::move(done)(std::move(known));
  store_.GetRevision(
      revision, [this, done = std::move(done)](absl::StatusOr<StateMachineRecord> record) mutable {
        if (!record.ok()) return std::move(done)(ToStatesError(record.status()));
        absl::StatusOr<engine::MachinePtr> machine = Prepare(*std::move(record));
        if (!machine.ok()) return std::move(done)(machine.status());
        std::move(done)(Remember(*std::move(machine), std::nullopt));
      });
}

}  // namespace orderflow::api
