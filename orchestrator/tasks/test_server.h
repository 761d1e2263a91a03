#pragma once

// A server on a loopback port for the runner's tests: an inventory service whose answers the test
// gives, and a reflection service that counts what it is asked.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/base/mutex.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "gtest/gtest.h"
#include "orderflow/inventory/v1/inventory.grpc.pb.h"

namespace orderflow::tasks {

// Runs a handler per call, which answers the call's reactor: an answer at once, or UntilCancelled.
class FakeInventory final : public inventory::v1::InventoryService::CallbackService {
 public:
  using Request = inventory::v1::CheckInventoryRequest;
  using Response = inventory::v1::CheckInventoryResponse;
  using Handler = std::function<grpc::ServerUnaryReactor*(grpc::CallbackServerContext&,
                                                          const Request&, Response&)>;

  explicit FakeInventory(Handler handler) : handler_(std::move(handler)) {}

  grpc::ServerUnaryReactor* CheckInventory(grpc::CallbackServerContext* context,
                                           const Request* request, Response* response) override {
    ++calls;
    return handler_(*context, *request, *response);
  }

  std::atomic<int> calls{0};

 private:
  const Handler handler_;
};

inline grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext& context,
                                        const grpc::Status& status = {}) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// Something that happens once, on another thread.
class Signal {
 public:
  void Notify() {
    MutexLock lock(mutex_);
    happened_ = true;
    changed_.NotifyAll();
  }
  void Wait() {
    MutexLock lock(mutex_);
    while (!happened_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool happened_ ABSL_GUARDED_BY(mutex_) = false;
};

// A call that has no answer until the client gives it up, or its deadline does.
class UntilCancelled final : public grpc::ServerUnaryReactor {
 public:
  explicit UntilCancelled(Signal& ended) : ended_(ended) {}
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override {
    ended_.Notify();
    delete this;
  }

 private:
  Signal& ended_;
};

// Answers with one file at a time, as some servers do, so that a client must ask for the imports.
class FakeReflection final : public grpc::reflection::v1alpha::ServerReflection::CallbackService {
 public:
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  using File = google::protobuf::FileDescriptorProto;

  // Changes what is told of inventory.proto from now on.
  void Alter(std::function<void(File&)> alter) {
    MutexLock lock(mutex_);
    alter_ = std::move(alter);
  }

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext*) override {
    ++streams;
    return new Stream(*this);
  }

  std::atomic<int> streams{0};
  std::atomic<int> answers{0};

 private:
  class Stream final : public grpc::ServerBidiReactor<Request, Response> {
   public:
    explicit Stream(FakeReflection& service) : service_(service) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      service_.Answer(request_, response_);
      StartWrite(&response_);
    }
    void OnWriteDone(bool ok) override {
      if (ok) return StartRead(&request_);
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    FakeReflection& service_;
    Request request_;
    Response response_;
  };

  void Answer(const Request& request, Response& response) {
    ++answers;
    response.Clear();
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    const auto* file = request.has_file_by_filename()
                           ? pool->FindFileByName(request.file_by_filename())
                           : pool->FindFileContainingSymbol(request.file_containing_symbol());
    if (file == nullptr) {
      response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
      return;
    }
    File proto;
    file->CopyTo(&proto);
    MutexLock lock(mutex_);
    if (alter_ != nullptr && proto.name() == "orderflow/inventory/v1/inventory.proto")
      alter_(proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        proto.SerializeAsString());
  }

  Mutex mutex_;
  std::function<void(File&)> alter_ ABSL_GUARDED_BY(mutex_);
};

class TestServer {
 public:
  // Port 0: any. Without reflection where that is null.
  TestServer(
      grpc::Service& service, FakeReflection* reflection, int port = 0,
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials, &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterService(&service);
    if (reflection != nullptr) builder.RegisterService(reflection);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr) << "port " << port;
  }
  ~TestServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace orderflow::tasks
