#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/asl/execution_context.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/tasks/task_runner.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operation TestState: one state carried out alone, by the interpreter of executions, with
// nothing created. A Task without a mock runs as it would in an execution, for no longer than
// kMaxTestTime.
//
// Thread-safe. Borrows registry, runner and clock.
class TestStateApi {
 public:
  // The service's own limit.
  static constexpr absl::Duration kMaxTestTime = absl::Minutes(5);

  struct Options {
    std::string region;
    std::string account;
    asl::Limits limits;
  };

  TestStateApi(Options options, const MachineRegistry& registry, tasks::TaskRunner& runner,
               const Clock& clock);
  ~TestStateApi();

  // Calls back from within, unless a Task runs.
  void Test(const workflow::v1::TestStateRequest& request,
            Callback<workflow::v1::TestStateResponse> done);

  // Gives up the Tasks that run: their callers are told ServiceUnavailable, as are those who come
  // with another afterwards. Before the runner goes.
  void EndAll();

 private:
  class Running;
  class UnderWay;

  asl::ExecutionContext NewContext(const std::string& role_arn) const;
  void Run(std::shared_ptr<Running> running, tasks::TaskCall call);

  const Options options_;
  const MachineRegistry& registry_;
  tasks::TaskRunner& runner_;
  const Clock& clock_;
  const std::shared_ptr<UnderWay> under_way_;  // a late answer of a task may outlive this
};

}  // namespace orderflow::api
