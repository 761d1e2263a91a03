#pragma once

// Test support: a whole orchestrator over a real socket, whose tasks the test answers.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/base/mutex.h"
#include "common/rpc/server.h"
#include "orchestrator/api/orchestrator_module.h"
#include "orchestrator/tasks/task_runner.h"
#include "orderflow/order/v1/order.grpc.pb.h"
#include "orderflow/workflow/v1/workflow.grpc.pb.h"

namespace orderflow::api {

// What the services of a test answer, by the last part of the resource ("CheckInventory"). Outlives
// the orchestrators that use it. Thread-safe.
class Script {
 public:
  Script();  // every order is confirmed

  void Answer(const std::string& method, tasks::TaskOutcome outcome);
  // Calls of this method wait until Release.
  void Hold(const std::string& method);
  void Release(const std::string& method);
  // Blocks until so many calls of this method have come.
  void AwaitCalls(const std::string& method, int count);

  int calls(const std::string& method) const;
  std::vector<std::string> keys(const std::string& method) const;
  std::vector<json::Value> inputs(const std::string& method) const;

 private:
  friend class ScriptedRunner;
  struct Method {
    tasks::TaskOutcome outcome;
    bool held = false;
    std::vector<std::string> keys;
    std::vector<json::Value> inputs;
    std::vector<tasks::TaskDone> waiting;
  };

  mutable Mutex mutex_;
  CondVar called_;
  std::map<std::string, Method> methods_ ABSL_GUARDED_BY(mutex_);
};

// Starts and stops an orchestrator as its main does. The database is a file, so that a restart
// finds it.
class TestOrchestrator {
 public:
  explicit TestOrchestrator(Script& script, OrchestratorOptions options = {});
  // Carries tasks out as the options say.
  explicit TestOrchestrator(OrchestratorOptions options);
  ~TestOrchestrator();

  void Restart();
  void Stop();

  order::v1::OrderService::Stub& orders() { return *orders_; }
  workflow::v1::WorkflowService::Stub& workflows() { return *workflows_; }
  // Where the AWS API is served, if `options` say that it is.
  std::string aws_address() const { return module_->aws_address(); }
  OrchestratorOptions& options() { return options_; }
  absl::StatusOr<std::unique_ptr<OrchestratorModule>> Open();

 private:
  TestOrchestrator(Script* script, OrchestratorOptions options);
  void Start();

  Script* const script_;  // null: the real runners
  OrchestratorOptions options_;
  std::string directory_;
  std::unique_ptr<OrchestratorModule> module_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<order::v1::OrderService::Stub> orders_;
  std::unique_ptr<workflow::v1::WorkflowService::Stub> workflows_;
};

// The reason in a status's ErrorInfo, empty if there is none.
std::string ReasonOf(const grpc::Status& status);

// Calls a method and answers its response; fails the test if it is not OK.
template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return (stub.*method)(&context, request, &response);
}

}  // namespace orderflow::api
