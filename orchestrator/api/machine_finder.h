#pragma once

#include <cstdint>
#include <string>

#include "common/base/callback.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/api/qualified_arn.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/version_store.h"

namespace orderflow::api {

// A state machine to start, and by what it was found.
struct FoundMachine {
  engine::MachinePtr machine;
  int64_t version = 0;  // 0: the newest revision was asked for
  std::string alias;
};
void SetMachine(FoundMachine found, engine::StartRequest& start);

// Finds what an ARN leads to: the newest revision, a version's, or that of one of an alias's
// versions, chosen at random by their weights. StateMachineDoesNotExist with the ARN as it was
// given. Borrows both until `done` is called.
void FindMachine(MachineRegistry& registry, store::VersionStore& versions, const QualifiedArn& arn,
                 Callback<FoundMachine> done);

}  // namespace orderflow::api
