#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/await.h"
#include "common/base/callback.h"
#include "common/base/status.h"
#include "common/failure/failure.h"
#include "common/json/value.h"
#include "common/protojson/message_codec.h"
#include "lambda/function.h"

namespace orderflow::lambda {

// A call of a service's domain, the one that its gRPC method makes, as a handler: the event becomes
// the request by the fields' proto names, members that the request does not have are ignored, and
// the response becomes the answer, just as the orchestrator does it for the gRPC method.
//
//   TaskHandler<ChargePaymentRequest, ChargePaymentResponse>(
//       [&payments](const auto& request, auto done) { payments.ChargePayment(request,
//       std::move(done)); })
template <typename Request, typename Response, typename Call>
Handler TaskHandler(Call call) {
  auto requests = protojson::MessageCodec::Create(*Request::descriptor(), {.ignore_unknown = true});
  auto responses = protojson::MessageCodec::Create(*Response::descriptor());
  return [requests = std::move(requests), responses = std::move(responses), call = std::move(call)](
             const json::Value& event, Instant deadline) -> absl::StatusOr<json::Value> {
    Request request;
    const std::vector<FieldViolation> violations = requests->ToMessage(event, request);
    if (!violations.empty())
      return failure::InvalidInputError(violations, Request::descriptor()->full_name());
    ORDERFLOW_ASSIGN_OR_RETURN(const Response response,
                               AwaitUntil<Response>(deadline, [&](Callback<Response> done) {
                                 call(request, std::move(done));
                               }));
    return responses->FromMessage(response);
  };
}

}  // namespace orderflow::lambda
