#include "orchestrator/api/orchestrator_module.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/metrics/metrics.h"
#include "orchestrator/api/aws_operations.h"
#include "orchestrator/api/execution_meter.h"
#include "orchestrator/api/execution_task_runner.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/api/orchestrator_metrics.h"
#include "orchestrator/api/order_api.h"
#include "orchestrator/api/order_outcome.h"
#include "orchestrator/api/order_service.h"
#include "orchestrator/api/uuid.h"
#include "orchestrator/api/workflow_apis.h"
#include "orchestrator/api/workflow_deployment.h"
#include "orchestrator/api/workflow_service.h"
#include "orchestrator/store/activity_directory.h"
#include "orchestrator/store/sql_execution_store.h"
#include "orchestrator/tasks/activity_tasks.h"
#include "orchestrator/tasks/http_invocation.h"
#include "orchestrator/tasks/lambda_function.h"
#include "orchestrator/tasks/task_dispatcher.h"

namespace orderflow::api {
namespace {

// What carries tasks out, by their resource: others than activities, which are within.
absl::StatusOr<std::unique_ptr<tasks::TaskRunner>> MakeRunner(const OrchestratorOptions& options) {
  ORDERFLOW_ASSIGN_OR_RETURN(std::shared_ptr<tasks::TaskRunner> grpc,
                             tasks::CreateGrpcTaskRunner(options.tasks, *options.clock));
  tasks::LambdaTaskRunnerOptions lambda_options = options.lambda;
  lambda_options.max_payload_bytes = options.engine.limits.max_payload_bytes;
  ORDERFLOW_ASSIGN_OR_RETURN(std::shared_ptr<tasks::TaskRunner> lambda,
                             tasks::CreateLambdaTaskRunner(lambda_options, grpc, *options.clock));
  tasks::HttpTaskRunnerOptions http_options = options.http;
  http_options.region = options.region;
  ORDERFLOW_ASSIGN_OR_RETURN(std::shared_ptr<tasks::TaskRunner> http,
                             tasks::CreateHttpTaskRunner(std::move(http_options), *options.clock));
  auto dispatcher = std::make_unique<tasks::TaskDispatcher>();
  dispatcher->Add("grpc://", grpc);
  dispatcher->Add("grpcs://", grpc);
  dispatcher->Add(std::string(tasks::kLambdaArn), lambda);
  dispatcher->Add(std::string(tasks::kLambdaInvoke), lambda);
  dispatcher->Add(std::string(tasks::kHttpInvoke), http);
  dispatcher->Add(std::string(tasks::kIntegrationArn),
                  tasks::MakeIntegrationTaskRunner(options.integrations, grpc, *options.clock));
  return dispatcher;
}

// Made at the first start, then read.
absl::StatusOr<std::string> TokenKey(store::SqlExecutionStore& store) {
  return Await<std::string>([&store](Callback<std::string> done) {
    store.KeepSecret("task tokens", NewSecret(), std::move(done));
  });
}

MachineRegistry::Options RegistryOptions(const OrchestratorOptions& options) {
  MachineRegistry::Options registry;
  registry.region = options.region;
  registry.account = options.account;
  registry.token_key = options.engine.token_key;
  registry.substitutions = OrderSubstitutions(options.services);
  for (const auto& [name, value] : options.substitutions) registry.substitutions[name] = value;
  return registry;
}

aws::EndpointOptions EndpointOptions(const OrchestratorOptions& options) {
  aws::EndpointOptions endpoint = options.aws;
  endpoint.region = options.region;
  return endpoint;
}

class Orchestrator final : public OrchestratorModule {
 public:
  Orchestrator(const OrchestratorOptions& options, std::unique_ptr<store::SqlExecutionStore> store,
               std::unique_ptr<tasks::TaskRunner> runner)
      : store_(std::move(store)),
        activity_directory_(*store_),
        activity_tasks_(std::make_shared<tasks::ActivityTasks>(ActivityOptions())),
        runner_(std::make_unique<tasks::TaskDispatcher>()),
        registry_(RegistryOptions(options), *store_, *runner_, *options.clock),
        execution_runner_(std::make_shared<ExecutionTaskRunner>(registry_, *store_)),
        meter_(std::in_place, *options.clock),
        engine_(engine::Engine::Create(EngineOptions(options.engine), *store_, *runner_,
                                       *options.clock,
                                       [this](int64_t revision, Callback<engine::MachinePtr> done) {
                                         registry_.Load(revision, std::move(done));
                                       })),
        machines_(registry_, *store_, *store_, *options.clock),
        executions_(registry_, *engine_, *store_, options.engine.limits, *options.clock),
        definitions_(registry_, *store_),
        tags_(*store_, *store_, *store_),
        versions_(*store_, *options.clock),
        aliases_(*store_, *options.clock),
        orders_(registry_, *engine_, *store_),
        tokens_(*engine_, options.engine.limits.max_payload_bytes),
        activities_({.region = options.region, .account = options.account}, activity_directory_,
                    *engine_, *activity_tasks_, *options.clock),
        map_runs_(registry_, *engine_, *store_, options.engine.limits),
        state_tests_({options.region, options.account, options.engine.limits}, registry_, *runner_,
                     *options.clock),
        workflow_service_(apis()),
        order_service_({options.place_order_wait, options.engine.limits}, orders_, registry_,
                       *engine_, *store_, *options.clock),
        metrics_(ExportMetrics(*engine_, *store_)) {
    runner_->Add("", std::shared_ptr<tasks::TaskRunner>(std::move(runner)));
    runner_->Add(
        absl::StrCat("arn:aws:states:", options.region, ":", options.account, ":activity:"),
        activity_tasks_);
    runner_->Add(std::string(kStartExecution), execution_runner_);
    execution_runner_->Bind(*engine_);
  }

  ~Orchestrator() override { Stop(); }

  absl::Status Prepare(const OrchestratorOptions& options) {
    const Deployment deployment{std::string(kOrderMachine),
                                options.order_workflow.empty() ? std::string(BuiltInOrderWorkflow())
                                                               : options.order_workflow,
                                options.order_workflow_source, options.order_workflow_logging};
    ORDERFLOW_RETURN_IF_ERROR(Deploy(registry_, *store_, deployment));
    ORDERFLOW_RETURN_IF_ERROR(
        AwaitStatus([this](StatusCallback done) { activity_directory_.Load(std::move(done)); }));
    ORDERFLOW_RETURN_IF_ERROR(
        AwaitStatus([this](StatusCallback done) { engine_->Recover(std::move(done)); }));
    if (const int64_t running = engine_->statistics().running; running > 0) {
      logging::Info("took up unfinished executions", {{"executions", running}});
    }
    return ServeAws(options);
  }

  std::string aws_address() const override {
    return endpoint_ == nullptr ? std::string() : endpoint_->address();
  }

  std::string name() const override { return "orchestrator"; }
  std::vector<grpc::Service*> services() override { return {&workflow_service_, &order_service_}; }

  void CheckReady(StatusCallback done) override {
    const engine::Engine::Statistics statistics = engine_->statistics();
    if (!statistics.accepting) {
      return std::move(done)(absl::UnavailableError(statistics.failing_batches > 0
                                                        ? "the journal cannot be written"
                                                        : "the engine accepts nothing"));
    }
    store_->Check(std::move(done));
  }

  void Drain() override {
    if (endpoint_ != nullptr) endpoint_->Drain();
    // Workers who wait are answered; they ask again, elsewhere or later.
    activity_tasks_->EndAll();
    // A test of a state may take minutes, and nothing is lost with it.
    state_tests_.EndAll();
  }

  void Stop() override {
    if (engine_ == nullptr) return;
    metrics_.clear();
    // Answers those that wait for an execution, which the endpoint then waits for.
    engine_->Shutdown();
    state_tests_.EndAll();
    endpoint_.reset();
    engine_.reset();
    meter_.reset();
    runner_.reset();
    execution_runner_.reset();
    activity_tasks_.reset();
    store_.reset();
  }

 private:
  engine::Options EngineOptions(engine::Options options) {
    options.meter = &*meter_;
    options.missing_activities = [this](const std::vector<std::string>& arns) {
      return activity_directory_.Missing(arns);
    };
    if (!options.execution_log) {
      options.execution_log = [](std::string line) {
        logging::Info("execution event", {{"event", logging::Json{line}}});
      };
    }
    if (!options.report) {
      options.report = [](std::string message) { logging::Error(message); };
    }
    return options;
  }

  tasks::ActivityTasks::Options ActivityOptions() {
    tasks::ActivityTasks::Options options;
    options.take = [this](const std::string& token, std::optional<std::string> worker,
                          StatusCallback done) {
      engine_->Signal(token, asl::TaskStarted{0, std::move(worker)}, std::move(done));
    };
    return options;
  }

  WorkflowApis apis() {
    return {machines_, executions_, definitions_, tags_,     versions_,
            aliases_,  tokens_,     activities_,  map_runs_, state_tests_};
  }

  absl::Status ServeAws(const OrchestratorOptions& options) {
    if (options.aws.listen.empty()) return absl::OkStatus();
    auto endpoint =
        aws::Endpoint::Start(EndpointOptions(options), AwsOperations(apis()), *options.clock);
    if (!endpoint.ok()) return endpoint.status();
    endpoint_ = *std::move(endpoint);
    return absl::OkStatus();
  }

  std::unique_ptr<store::SqlExecutionStore> store_;
  store::ActivityDirectory activity_directory_;  // gone after the store has answered for good
  std::shared_ptr<tasks::ActivityTasks> activity_tasks_;
  std::unique_ptr<tasks::TaskDispatcher> runner_;
  MachineRegistry registry_;
  std::shared_ptr<ExecutionTaskRunner> execution_runner_;
  std::optional<ExecutionMeter> meter_;
  std::unique_ptr<engine::Engine> engine_;
  StateMachineApi machines_;
  ExecutionApi executions_;
  DefinitionApi definitions_;
  TagApi tags_;
  VersionApi versions_;
  AliasApi aliases_;
  OrderApi orders_;
  TaskTokenApi tokens_;
  ActivityApi activities_;
  MapRunApi map_runs_;
  TestStateApi state_tests_;
  WorkflowService workflow_service_;
  OrderService order_service_;
  std::unique_ptr<aws::Endpoint> endpoint_;
  std::vector<metrics::Registration> metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OrchestratorModule>> OpenOrchestratorModule(
    OrchestratorOptions options, std::unique_ptr<tasks::TaskRunner> runner) {
  ORDERFLOW_ASSIGN_OR_RETURN(auto store, store::OpenExecutionStore(options.database));
  ORDERFLOW_ASSIGN_OR_RETURN(options.engine.token_key, TokenKey(*store));
  auto module = std::make_unique<Orchestrator>(options, std::move(store), std::move(runner));
  ORDERFLOW_RETURN_IF_ERROR(module->Prepare(options));
  return module;
}

absl::StatusOr<std::unique_ptr<OrchestratorModule>> OpenOrchestratorModule(
    OrchestratorOptions options) {
  ORDERFLOW_ASSIGN_OR_RETURN(auto runner, MakeRunner(options));
  return OpenOrchestratorModule(std::move(options), std::move(runner));
}

}  // namespace orderflow::api
