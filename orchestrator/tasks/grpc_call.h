#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "orchestrator/tasks/call_context.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/grpc_resource.h"
#include "orchestrator/tasks/in_flight.h"
#include "orchestrator/tasks/task_runner.h"
#include "orchestrator/tasks/type_set.h"

namespace orderflow::tasks {

// What all calls of a runner use; lives until none is in flight.
struct GrpcCallEnvironment {
  const Clock& clock;
  CallbackThread& callbacks;
  std::shared_ptr<InFlight> in_flight;
};

// One attempt at a task: made by Run, started when the method's types are known, told once. In
// flight from its making until it was told; holds itself for so long.
//
// Thread-safe.
class GrpcCall final : public grpc::ClientUnaryReactor,
                       public std::enable_shared_from_this<GrpcCall> {
 public:
  // `deadline`: the task's, or the default one.
  static std::shared_ptr<GrpcCall> Create(const GrpcCallEnvironment& environment, TaskCall call,
                                          absl::Time deadline, TaskDone done);

  // Exactly one of these follows, once.
  void Start(std::shared_ptr<grpc::Channel> channel, const GrpcResource& resource,
             std::shared_ptr<const MethodBinding> binding);
  // Tells a failure that was found here, later and from another thread.
  void Fail(asl::Failure failure);

  // Nothing will be told, unless somebody is being told right now.
  void Cancel();

  void OnDone(const grpc::Status& status) override;

 private:
  GrpcCall(const GrpcCallEnvironment& environment, TaskCall call, absl::Time deadline,
           TaskDone done);

  // Writes the task's input into `request_`, or says why that cannot be.
  std::optional<asl::Failure> BuildRequest();
  void AddMetadata(grpc::ClientContext& context) const;
  TaskOutcome OutcomeOf(const grpc::Status& status);
  TaskOutcome ReadResponse();
  void Tell(TaskOutcome outcome);

  const GrpcCallEnvironment environment_;
  TaskCall call_;
  const absl::Time deadline_;
  CallContext context_;
  std::shared_ptr<GrpcCall> self_;  // while in flight

  // Set by Start, before anything else can look at them.
  std::shared_ptr<const MethodBinding> binding_;
  std::string method_;  // "inventory:50052/package.Service/Method", for messages
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;

  Mutex mutex_;
  TaskDone done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::tasks
