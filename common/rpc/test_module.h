#pragma once

// For tests of everything around a gRPC service: a module whose ReceiveService does what the test
// says.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/rpc/module.h"
#include "common/rpc/unary.h"
#include "orderflow/receive/v1/receive.grpc.pb.h"

namespace orderflow::rpc {

// Answers each ReceiveOrder with its id, unless a handler is set. Thread-safe.
class TestModule final : public Module {
 public:
  using Request = receive::v1::ReceiveOrderRequest;
  using Response = receive::v1::ReceiveOrderResponse;
  using Handler = std::function<void(const Request&, Callback<Response>)>;

  TestModule() : service_(*this) {}

  void SetHandler(Handler handler) {
    MutexLock lock(mutex_);
    handler_ = std::move(handler);
  }
  void SetReady(absl::Status ready) {
    MutexLock lock(mutex_);
    ready_ = std::move(ready);
  }
  // The client's end of each connection that a call came over, as gRPC writes it.
  std::set<std::string> peers() {
    MutexLock lock(mutex_);
    return peers_;
  }
  bool stopped() {
    MutexLock lock(mutex_);
    return stopped_;
  }

  std::string name() const override { return "test"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override {
    absl::Status ready;
    {
      MutexLock lock(mutex_);
      ready = ready_;
    }
    std::move(done)(std::move(ready));
  }
  void Stop() override {
    MutexLock lock(mutex_);
    stopped_ = true;
  }

 private:
  class Service final : public receive::v1::ReceiveService::CallbackService {
   public:
    explicit Service(TestModule& module) : module_(module) {}
    grpc::ServerUnaryReactor* ReceiveOrder(grpc::CallbackServerContext* context,
                                           const Request* request, Response* response) override {
      module_.NotePeer(context->peer());
      return HandleUnary(context, request, response, [this](const auto& request, auto done) {
        module_.Handle(request, std::move(done));
      });
    }

   private:
    TestModule& module_;
  };

  void NotePeer(const std::string& peer) {
    MutexLock lock(mutex_);
    peers_.insert(peer);
  }

  void Handle(const Request& request, Callback<Response> done) {
    Handler handler;
    {
      MutexLock lock(mutex_);
      handler = handler_;
    }
    if (handler) return handler(request, std::move(done));
    Response response;
    response.set_order_id(request.order_id());
    std::move(done)(std::move(response));
  }

  Service service_;
  Mutex mutex_;
  Handler handler_ ABSL_GUARDED_BY(mutex_);
  absl::Status ready_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> peers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace orderflow::rpc
