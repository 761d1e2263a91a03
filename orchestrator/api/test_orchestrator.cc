#include "orchestrator/api/test_orchestrator.h"

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/rpc/status.h"
#include "gtest/gtest.h"

namespace orderflow::api {

namespace {

std::string MethodOf(std::string_view resource) {
  return std::string(resource.substr(resource.rfind('/') + 1));
}

std::string NewDirectory() {
  std::string name =
      (std::filesystem::temp_directory_path() / "orderflow-api-test-XXXXXX").string();
  ORDERFLOW_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

// Answers from a thread of its own, as a real runner does.
class ScriptedRunner final : public tasks::TaskRunner {
 public:
  explicit ScriptedRunner(Script& script) : script_(script), thread_([this] { Loop(); }) {}
  ~ScriptedRunner() override {
    {
      MutexLock lock(mutex_);
      end_ = true;
    }
    condition_.NotifyOne();
    thread_.join();
  }

  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone done) override {
    struct Handle final : tasks::RunningTask {
      void Cancel() override {}
    };
    const std::string name = MethodOf(call.resource);
    MutexLock lock(script_.mutex_);
    Script::Method& method = script_.methods_[name];
    method.keys.push_back(call.idempotency_key);
    method.inputs.push_back(call.input);
    script_.called_.NotifyAll();
    if (method.held) {
      method.waiting.push_back(std::move(done));
    } else {
      Answer(std::move(done), method.outcome);
    }
    return std::make_unique<Handle>();
  }

  std::optional<std::string> CheckResource(std::string_view resource) const override {
    if (resource.substr(0, 7) == "grpc://" || resource.substr(0, 18) == "arn:aws:states:::l")
      return std::nullopt;
    return "expected grpc://host:port/package.Service/Method";
  }

 private:
  void Answer(tasks::TaskDone done, tasks::TaskOutcome outcome) {
    {
      MutexLock lock(mutex_);
      work_.push_back([done = std::move(done), outcome = std::move(outcome)]() mutable {
        std::move(done)(std::move(outcome));
      });
    }
    condition_.NotifyOne();
  }
  void Loop() {
    while (true) {
      absl::AnyInvocable<void() &&> work;
      {
        MutexLock lock(mutex_);
        while (work_.empty() && !end_) condition_.Wait(mutex_);
        if (work_.empty()) return;
        work = std::move(work_.front());
        work_.pop_front();
      }
      std::move(work)();
    }
  }

  Script& script_;
  Mutex mutex_;
  CondVar condition_;
  std::deque<absl::AnyInvocable<void() &&>> work_ ABSL_GUARDED_BY(mutex_);
  bool end_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Script::Script() {
  Answer("ReceiveOrder",
         json::Value::Object({{"order_status", "received"}, {"payment_token", ""}}));
  Answer("CheckInventory", json::Value::Object({{"inventory_status", "available"},
                                                {"reservation_id", "rsv-1"},
                                                {"total_minor", 1999},
                                                {"currency", "EUR"}}));
  Answer("ChargePayment", json::Value::Object({{"payment_status", "charged"},
                                               {"payment_id", "pay-1"},
                                               {"amount_minor", 1999},
                                               {"currency", "EUR"}}));
  Answer("SendConfirmationEmail", json::Value::Object({{"email_status", "sent"}}));
  Answer("ReleaseReservation", json::Value::Object({{"reservation_status", "released"}}));
}

void Script::Answer(const std::string& method, tasks::TaskOutcome outcome) {
  MutexLock lock(mutex_);
  methods_[method].outcome = std::move(outcome);
}

void Script::Hold(const std::string& method) {
  MutexLock lock(mutex_);
  methods_[method].held = true;
}

void Script::Release(const std::string& method) {
  std::vector<tasks::TaskDone> waiting;
  tasks::TaskOutcome outcome;
  {
    MutexLock lock(mutex_);
    methods_[method].held = false;
    waiting.swap(methods_[method].waiting);
    outcome = methods_[method].outcome;
  }
  for (tasks::TaskDone& done : waiting) std::move(done)(outcome);
}

void Script::AwaitCalls(const std::string& method, int count) {
  MutexLock lock(mutex_);
  while (methods_[method].keys.size() < static_cast<size_t>(count)) called_.Wait(mutex_);
}

int Script::calls(const std::string& method) const { return static_cast<int>(keys(method).size()); }

std::vector<std::string> Script::keys(const std::string& method) const {
  MutexLock lock(mutex_);
  const auto found = methods_.find(method);
  return found == methods_.end() ? std::vector<std::string>() : found->second.keys;
}

std::vector<json::Value> Script::inputs(const std::string& method) const {
  MutexLock lock(mutex_);
  const auto found = methods_.find(method);
  return found == methods_.end() ? std::vector<json::Value>() : found->second.inputs;
}

TestOrchestrator::TestOrchestrator(Script& script, OrchestratorOptions options)
    : TestOrchestrator(&script, std::move(options)) {}

TestOrchestrator::TestOrchestrator(OrchestratorOptions options)
    : TestOrchestrator(nullptr, std::move(options)) {}

TestOrchestrator::TestOrchestrator(Script* script, OrchestratorOptions options)
    : script_(script), options_(std::move(options)), directory_(NewDirectory()) {
  options_.database.url = absl::StrCat("sqlite:", directory_, "/orchestrator.db");
  options_.database.name = "orchestrator";
  Start();
}

TestOrchestrator::~TestOrchestrator() {
  Stop();
  std::filesystem::remove_all(directory_);
}

absl::StatusOr<std::unique_ptr<OrchestratorModule>> TestOrchestrator::Open() {
  if (script_ == nullptr) return OpenOrchestratorModule(options_);
  return OpenOrchestratorModule(options_, std::make_unique<ScriptedRunner>(*script_));
}

void TestOrchestrator::Start() {
  auto module = Open();
  ASSERT_TRUE(module.ok()) << module.status();
  module_ = *std::move(module);
  rpc::ServerOptions options;
  options.max_message_bytes = 4 << 20;
  // Drain answers all who wait, so only a call that hangs takes as long.
  options.drain_timeout = absl::Seconds(30);
  auto server = rpc::Server::Start(options, *module_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  const auto channel = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  orders_ = order::v1::OrderService::NewStub(channel);
  workflows_ = workflow::v1::WorkflowService::NewStub(channel);
}

void TestOrchestrator::Stop() {
  if (server_ == nullptr) return;
  server_->Stop();
  server_.reset();
  module_.reset();
}

void TestOrchestrator::Restart() {
  Stop();
  Start();
}

std::string ReasonOf(const grpc::Status& status) {
  const auto info = GetErrorInfo(rpc::FromGrpcStatus(status));
  return info ? info->reason : std::string();
}

}  // namespace orderflow::api
