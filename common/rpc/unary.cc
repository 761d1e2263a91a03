#include "common/rpc/unary.h"

#include "common/base/status.h"
#include "common/failure/rpc_status.h"
#include "common/logging/logging.h"

namespace orderflow::rpc {
namespace {

absl::Status OverloadedError(const ServedService& service) {
  return WithRetryDelay(absl::ResourceExhaustedError(
                            service.full_name + " has as many calls under way as it takes (" +
                            std::to_string(service.max_in_flight.load()) + ")"),
                        absl::Milliseconds(100));
}

grpc::Status Answer(const ServedMethod& method, const absl::Status& status) {
  if (!failure::IsOurFault(status.code())) return ToGrpcStatus(status);
  logging::Error("call failed", {{"rpc_service", method.service->full_name},
                                 {"rpc_method", method.name},
                                 {"code", StatusCodeName(status.code())},
                                 {"error", std::string(status.message())}});
  return ToGrpcStatus(failure::ForCaller(status));
}

}  // namespace

UnaryCall::UnaryCall(ServedMethod& method, grpc::ServerUnaryReactor* reactor)
    : method_(&method), reactor_(reactor), start_(std::chrono::steady_clock::now()) {
  method_->metrics->Start();
  method_->service->in_flight.fetch_add(1, std::memory_order_relaxed);
}

bool UnaryCall::Admit(grpc::CallbackServerContext& context) {
  const ServedService& service = *method_->service;
  if (context.IsCancelled()) {
    Finish(absl::CancelledError("the caller gave up before the call began"));
  } else if (context.deadline() <= std::chrono::system_clock::now()) {
    Finish(absl::DeadlineExceededError("the deadline had passed before the call began"));
  } else if (service.in_flight.load(std::memory_order_relaxed) >
             service.max_in_flight.load(std::memory_order_relaxed)) {
    Finish(OverloadedError(service));
  } else {
    return true;
  }
  return false;
}

void UnaryCall::Finish(const absl::Status& status) {
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  method_->service->in_flight.fetch_sub(1, std::memory_order_relaxed);
  method_->metrics->Finish(status.code(),
                           std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  reactor_->Finish(status.ok() ? grpc::Status() : Answer(*method_, status));
}

}  // namespace orderflow::rpc
