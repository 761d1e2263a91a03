// Plays services of AWS in tests of mapped integrations: see test_queue.proto.

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status.h"
#include "common/hash/sha256.h"
#include "common/json/value.h"
#include "common/rpc/reflection.h"
#include "common/rpc/server_flags.h"
#include "common/rpc/status.h"
#include "common/settings/settings.h"
#include "test_queue.grpc.pb.h"

namespace orderflow {
namespace {

using testqueue::v1::ReceiveMessageRequest;
using testqueue::v1::ReceiveMessageResponse;
using testqueue::v1::SendMessageRequest;
using testqueue::v1::SendMessageResponse;

constexpr char kQueue[] = "https://queue.example.com/orders";

std::string MetadataOf(const grpc::CallbackServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

class TestQueue final : public testqueue::v1::TestQueue::CallbackService {
 public:
  grpc::ServerUnaryReactor* SendMessage(grpc::CallbackServerContext* context,
                                        const SendMessageRequest* request,
                                        SendMessageResponse* response) override {
    if (request->queue_url() != kQueue) {
      return Finish(*context,
                    WithErrorInfo(absl::FailedPreconditionError("The queue does not exist."),
                                  {.reason = "SQS.QueueDoesNotExistException", .domain = "queue"}));
    }
    ReceiveMessageResponse message;
    message.set_body(request->message_body());
    message.set_task_token(MetadataOf(*context, "orderflow-task-token"));
    message.set_idempotency_key(MetadataOf(*context, "idempotency-key"));
    MutexLock lock(mutex_);
    message.set_message_id(absl::StrCat("message-", ++sent_));
    response->set_message_id(message.message_id());
    response->set_md5_of_message_body(Sha256Hex(message.body()).substr(0, 32));
    messages_.push_back(std::move(message));
    return Finish(*context, absl::OkStatus());
  }

  grpc::ServerUnaryReactor* ReceiveMessage(grpc::CallbackServerContext* context,
                                           const ReceiveMessageRequest*,
                                           ReceiveMessageResponse* response) override {
    MutexLock lock(mutex_);
    if (messages_.empty()) return Finish(*context, absl::NotFoundError("no message"));
    *response = std::move(messages_.front());
    messages_.pop_front();
    return Finish(*context, absl::OkStatus());
  }

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const google::protobuf::Struct* request,
                                 google::protobuf::Struct* response) override {
    *response = *request;
    return Finish(*context, absl::OkStatus());
  }

 private:
  static grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext& context,
                                          const absl::Status& status) {
    grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
    reactor->Finish(rpc::ToGrpcStatus(status));
    return reactor;
  }

  Mutex mutex_;
  int sent_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<ReceiveMessageResponse> messages_ ABSL_GUARDED_BY(mutex_);
};

// By hand, as orderflow's own server wants each method to have a request message of its own, which
// Echo has not.
int Serve() {
  TestQueue queue;
  const std::unique_ptr<rpc::ReflectionService> reflection = rpc::ReflectionService::Create();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(rpc::ServerOptionsFromFlags().listen, grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&queue);
  builder.RegisterService(&reflection->service());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << json::Serialize(json::Value::Object(
                   {{"message", "listening"}, {"address", absl::StrCat("127.0.0.1:", port)}}))
            << std::endl;
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace orderflow

int main(int argc, char** argv) {
  orderflow::settings::ParseSettings(argc, argv,
                                     "A queue for tests.\n\nUsage: orderflow-test-queue [flags]");
  return orderflow::Serve();
}
