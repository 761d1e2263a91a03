#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "common/rpc/served_method.h"
#include "common/rpc/status.h"

namespace orderflow::rpc {

// One unary call under way: counts it, times it, finishes it. Small enough to travel in a callback.
class UnaryCall {
 public:
  UnaryCall(ServedMethod& method, grpc::ServerUnaryReactor* reactor);

  // Whether work should begin: false if the caller's deadline has passed, the caller has gone or
  // the server has too much to do; the call is finished then.
  bool Admit(grpc::CallbackServerContext& context);
  // Finishes the call, once. INTERNAL, UNKNOWN and DATA_LOSS are logged in full and reach the
  // caller without their text, which may show what is none of the caller's business.
  void Finish(const absl::Status& status);

 private:
  ServedMethod* method_;
  grpc::ServerUnaryReactor* reactor_;
  std::chrono::steady_clock::time_point start_;
};

// The body of every unary handler: calls the domain and finishes the RPC with what it answers, on
// whatever thread that happens.
//
//   grpc::ServerUnaryReactor* GetStock(grpc::CallbackServerContext* context, const GetStockRequest*
//   request,
//                                      GetStockResponse* response) override {
//     return HandleUnary(context, request, response, [this](const auto& request, auto done) {
//       inventory_.GetStock(request, std::move(done));
//     });
//   }
//
// `request` lives until `done` is called. The domain answers absl::StatusOr<Response>; ToGrpcStatus
// translates. Calls are counted and timed under the method that takes `Request` (each RPC has a
// request message of its own).
template <typename Request, typename Response, typename Call>
grpc::ServerUnaryReactor* HandleUnary(grpc::CallbackServerContext* context, const Request* request,
                                      Response* response, Call&& call) {
  static ServedMethod& method = MethodTaking(*Request::descriptor());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  UnaryCall unary(method, reactor);
  if (!unary.Admit(*context)) return reactor;
  call(*request, Callback<Response>([unary, response](absl::StatusOr<Response> answer) mutable {
    if (answer.ok()) *response = *std::move(answer);
    unary.Finish(answer.status());
  }));
  return reactor;
}

}  // namespace orderflow::rpc
