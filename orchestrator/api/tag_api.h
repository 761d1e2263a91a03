#pragma once

#include "common/base/callback.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/store/version_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on tags of state machines. A request must live until its callback is called.
// Thread-safe. Borrows the stores.
class TagApi {
 public:
  TagApi(store::ExecutionStore& machines, store::VersionStore& tags)
      : machines_(machines), tags_(tags) {}

  void Tag(const workflow::v1::TagResourceRequest& request,
           Callback<workflow::v1::TagResourceResponse> done);
  void Untag(const workflow::v1::UntagResourceRequest& request,
             Callback<workflow::v1::UntagResourceResponse> done);
  void List(const workflow::v1::ListTagsForResourceRequest& request,
            Callback<workflow::v1::ListTagsForResourceResponse> done);

 private:
  store::ExecutionStore& machines_;
  store::VersionStore& tags_;
};

}  // namespace orderflow::api
