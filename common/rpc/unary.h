#pragma once

#include <utility>

#include <grpcpp/support/server_callback.h>

#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "common/rpc/status.h"

namespace orderflow::rpc {

// The body of every unary handler: calls the domain and finishes the RPC with what it answers, on whatever thread that happens.
//
//   grpc::ServerUnaryReactor* GetStock(grpc::CallbackServerContext* context, const GetStockRequest* request,
//                                      GetStockResponse* response) override {
//     return HandleUnary(context, request, response, [this](const auto& request, auto done) {
//       inventory_.GetStock(request, std::move(done));
//     });
//   }
//
// `request` lives until `done` is called. The domain answers absl::StatusOr<Response>; ToGrpcStatus translates.
template <typename Request, typename Response, typename Call>
grpc::ServerUnaryReactor* HandleUnary(grpc::CallbackServerContext* context, const Request* request,
                                      Response* response, Call&& call) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  call(*request, Callback<Response>([reactor, response](absl::StatusOr<Response> answer) {
         if (answer.ok()) *response = *std::move(answer);
         reactor->Finish(ToGrpcStatus(answer.status()));
       }));
  return reactor;
}

}  // namespace orderflow::rpc
