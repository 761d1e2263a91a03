#pragma once

// A call as the tests make it, what it was told, and what stands for the other side.

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/http/test_server.h"
#include "gtest/gtest.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

inline constexpr char kCheck[] = "/orderflow.inventory.v1.InventoryService/CheckInventory";

// Keeps what a call was told, and on which thread.
class Told {
 public:
  TaskDone Done() {
    return [this](TaskOutcome outcome) { Set(std::move(outcome)); };
  }
  const TaskOutcome& Wait() {
    MutexLock lock(mutex_);
    while (!outcome_.has_value()) changed_.Wait(mutex_);
    EXPECT_EQ(times_, 1);
    EXPECT_NE(thread_, std::this_thread::get_id()) << "told from within Run";
    return *outcome_;
  }
  asl::Failure WaitForFailure() {
    const auto* failure = std::get_if<asl::Failure>(&Wait());
    EXPECT_NE(failure, nullptr) << "succeeded with " << Serialize(std::get<json::Value>(Wait()));
    return failure == nullptr ? asl::Failure{} : *failure;
  }
  json::Value WaitForOutput() {
    const auto* output = std::get_if<json::Value>(&Wait());
    if (output != nullptr) return *output;
    const auto& failure = std::get<asl::Failure>(Wait());
    ADD_FAILURE() << failure.error.value_or("(no error)") << " " << failure.cause.value_or("");
    return {};
  }
  bool told() {
    MutexLock lock(mutex_);
    return outcome_.has_value();
  }

 private:
  void Set(TaskOutcome outcome) {
    MutexLock lock(mutex_);
    outcome_ = std::move(outcome);
    ++times_;
    thread_ = std::this_thread::get_id();
    changed_.NotifyAll();
  }

  Mutex mutex_;
  CondVar changed_;
  std::optional<TaskOutcome> outcome_ ABSL_GUARDED_BY(mutex_);
  int times_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread::id thread_ ABSL_GUARDED_BY(mutex_);
};

inline TaskCall CallTo(const std::string& address, const std::string& path = kCheck) {
  return TaskCall{
      .resource = "grpc://" + address + path,
      .input =
          json::Value::Object({{"order_id", "12345"}, {"product_id", "sku-001"}, {"quantity", 2}}),
      .idempotency_key = "key-1",
      .execution_arn = "arn:aws:states:local:0:execution:orders:12345",
      .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      .try_number = 3,
      .deadline = absl::Now() + absl::Seconds(30),
  };
}

// Stands for gRPC: remembers its call and answers from another thread with its input.
class FakeGrpc final : public TaskRunner {
 public:
  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override {
    ran = call;
    callbacks_.Post([done = std::move(done), outcome = outcome.value_or(call.input)]() mutable {
      std::move(done)(std::move(outcome));
    });
    return std::make_unique<Handle>();
  }
  std::optional<std::string> CheckResource(std::string_view resource) const override {
    if (resource.substr(0, 7) == "grpc://") return std::nullopt;
    return "expected grpc://host:port/package.Service/Method";
  }

  TaskCall ran;
  std::optional<TaskOutcome> outcome;

 private:
  class Handle final : public RunningTask {
    void Cancel() override {}
  };
  CallbackThread callbacks_;
};

// Keeps what an HTTP server was asked.
class Requests {
 public:
  void Add(http::TestServer::Request request) {
    MutexLock lock(mutex_);
    requests_.push_back(std::move(request));
    changed_.NotifyAll();
  }
  http::TestServer::Request Await(size_t index = 0) {
    MutexLock lock(mutex_);
    while (requests_.size() <= index) changed_.Wait(mutex_);
    return requests_[index];
  }
  size_t size() {
    MutexLock lock(mutex_);
    return requests_.size();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<http::TestServer::Request> requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::tasks
