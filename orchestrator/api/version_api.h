#pragma once

#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orchestrator/store/version_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on versions of state machines. A request must live until its callback is called.
// Thread-safe. Borrows store and clock.
class VersionApi {
 public:
  VersionApi(store::VersionStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  void Publish(const workflow::v1::PublishStateMachineVersionRequest& request,
               Callback<workflow::v1::PublishStateMachineVersionResponse> done);
  void List(const workflow::v1::ListStateMachineVersionsRequest& request,
            Callback<workflow::v1::ListStateMachineVersionsResponse> done);
  void Delete(const workflow::v1::DeleteStateMachineVersionRequest& request,
              Callback<workflow::v1::DeleteStateMachineVersionResponse> done);

 private:
  store::VersionStore& store_;
  const Clock& clock_;
};

// Publishes the revision with this id (the newest one if it is empty), which must still be the
// newest. StateMachineDoesNotExist, ConflictException.
void PublishRevision(store::VersionStore& store, const std::string& machine_arn,
                     std::string revision_id, std::string description, absl::Time now,
                     Callback<store::VersionRecord> done);

}  // namespace orderflow::api
