#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/activity_store.h"
#include "orchestrator/tasks/activity_tasks.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on activities of WorkflowService, apart from gRPC. A request must live until its
// callback is called.
//
// Thread-safe. Borrows everything that it is given.
class ActivityApi {
 public:
  struct Options {
    std::string region;
    std::string account;
    absl::Duration poll_wait = absl::Seconds(60);  // as AWS does it
  };
  ActivityApi(Options options, store::ActivityStore& store, engine::Engine& engine,
              tasks::ActivityTasks& tasks, const Clock& clock)
      : options_(std::move(options)),
        store_(store),
        engine_(engine),
        tasks_(tasks),
        clock_(clock) {}

  void Create(const workflow::v1::CreateActivityRequest& request,
              Callback<workflow::v1::CreateActivityResponse> done);
  void Delete(const workflow::v1::DeleteActivityRequest& request,
              Callback<workflow::v1::DeleteActivityResponse> done);
  void Describe(const workflow::v1::DescribeActivityRequest& request,
                Callback<workflow::v1::DescribeActivityResponse> done);
  void List(const workflow::v1::ListActivitiesRequest& request,
            Callback<workflow::v1::ListActivitiesResponse> done);

  // Waits for a task until there is one, `poll` is ended, or the time is up.
  void GetTask(const workflow::v1::GetActivityTaskRequest& request,
               std::shared_ptr<tasks::ActivityTasks::Poll> poll,
               Callback<workflow::v1::GetActivityTaskResponse> done);
  void EndPoll(const std::shared_ptr<tasks::ActivityTasks::Poll>& poll) { tasks_.End(poll); }

 private:
  const Options options_;
  store::ActivityStore& store_;
  engine::Engine& engine_;
  tasks::ActivityTasks& tasks_;
  const Clock& clock_;
};

}  // namespace orderflow::api
