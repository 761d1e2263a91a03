#include "orchestrator/api/activity_poll.h"

#include <utility>

namespace orderflow::api {

ActivityPoll::ActivityPoll(rpc::ServedMethod& method, ActivityApi& activities)
    : call_(method, this), activities_(activities), poll_(tasks::ActivityTasks::NewPoll()) {}

ActivityPoll* ActivityPoll::Start(grpc::CallbackServerContext& context, ActivityApi& activities,
                                  const workflow::v1::GetActivityTaskRequest& request,
                                  workflow::v1::GetActivityTaskResponse& response) {
  static rpc::ServedMethod& method = rpc::MethodTaking(*request.descriptor());
  auto* poll = new ActivityPoll(method, activities);
  if (!poll->call_.Admit(context)) return poll;
  activities.GetTask(request, poll->poll_,
                     [poll, &response](absl::StatusOr<workflow::v1::GetActivityTaskResponse> task) {
                       if (task.ok()) response = *std::move(task);
                       poll->call_.Finish(task.status());
                     });
  return poll;
}

void ActivityPoll::OnCancel() { activities_.EndPoll(poll_); }

void ActivityPoll::OnDone() { delete this; }

}  // namespace orderflow::api
