#include "orchestrator/api/order_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/order/order_rules.h"
#include "common/rpc/unary.h"
#include "orchestrator/api/watch_reactor.h"

namespace orderflow::api {
namespace {

// What is kept of the caller's time to bring the answer home.
constexpr absl::Duration kMargin = absl::Milliseconds(200);

// A PlaceOrder under way: its own reactor, since a caller who gives up must not leave a waiter
// behind. Deletes itself.
class PlaceOrderCall final : public grpc::ServerUnaryReactor {
 public:
  PlaceOrderCall(rpc::ServedMethod& method, OrderApi& orders, std::string order_id,
                 order::v1::PlaceOrderResponse& response)
      : call_(method, this),
        orders_(orders),
        order_id_(std::move(order_id)),
        ticket_(engine::NewWaitTicket()),
        response_(response) {}

  void Start(grpc::CallbackServerContext& context, const order::OrderFields& order,
             absl::Time wait_until) {
    if (!call_.Admit(context)) return;
    orders_.Place(order, wait_until, ticket_, [this](absl::StatusOr<order::v1::Order> placed) {
      if (placed.ok()) *response_.mutable_order() = *std::move(placed);
      call_.Finish(placed.status());
    });
  }

 private:
  void OnCancel() override {
    // Only a good id names an execution; with another one, nothing waits.
    if (!order::CheckOrderId(order_id_)) orders_.GiveUp(order_id_, ticket_);
  }
  void OnDone() override { delete this; }

  rpc::UnaryCall call_;
  OrderApi& orders_;
  const std::string order_id_;
  const engine::WaitTicket ticket_;
  order::v1::PlaceOrderResponse& response_;
};

}  // namespace

// Shortly before the caller's deadline, or when our own patience ends.
absl::Time OrderService::WaitUntil(const grpc::CallbackServerContext& context) const {
  const absl::Time now = clock_.Now();
  const absl::Duration left = absl::FromChrono(context.deadline()) - absl::Now();
  const absl::Duration margin = std::min(kMargin, left / 10);
  return now + std::min(options_.place_order_wait, left - margin);
}

grpc::ServerUnaryReactor* OrderService::PlaceOrder(grpc::CallbackServerContext* context,
                                                   const order::v1::PlaceOrderRequest* request,
                                                   order::v1::PlaceOrderResponse* response) {
  static rpc::ServedMethod& method = rpc::MethodTaking(*request->descriptor());
  auto* call = new PlaceOrderCall(method, orders_, request->order_id(), *response);
  call->Start(*context, order::FieldsOf(*request), WaitUntil(*context));
  return call;
}

grpc::ServerUnaryReactor* OrderService::SubmitOrder(grpc::CallbackServerContext* context,
                                                    const order::v1::SubmitOrderRequest* request,
                                                    order::v1::SubmitOrderResponse* response) {
  return rpc::HandleUnary(
      context, request, response,
      [this](const auto& request, Callback<order::v1::SubmitOrderResponse> done) {
        // To wait for no time: answered as soon as it is durable.
        orders_.Place(order::FieldsOf(request), absl::InfinitePast(), engine::NewWaitTicket(),
                      [done = std::move(done)](absl::StatusOr<order::v1::Order> placed) mutable {
                        if (!placed.ok()) return std::move(done)(placed.status());
                        order::v1::SubmitOrderResponse response;
                        *response.mutable_order() = *std::move(placed);
                        std::move(done)(std::move(response));
                      });
      });
}

grpc::ServerUnaryReactor* OrderService::GetOrder(grpc::CallbackServerContext* context,
                                                 const order::v1::GetOrderRequest* request,
                                                 order::v1::GetOrderResponse* response) {
  return rpc::HandleUnary(context, request, response, [this](const auto& request, auto done) {
    orders_.Get(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* OrderService::ListOrders(grpc::CallbackServerContext* context,
                                                   const order::v1::ListOrdersRequest* request,
                                                   order::v1::ListOrdersResponse* response) {
  return rpc::HandleUnary(context, request, response, [this](const auto& request, auto done) {
    orders_.List(request, std::move(done));
  });
}

grpc::ServerWriteReactor<order::v1::WatchOrderResponse>* OrderService::WatchOrder(
    grpc::CallbackServerContext*, const order::v1::WatchOrderRequest* request) {
  const std::string& id = request->order_id();
  if (absl::Status checked = order::CheckField("order_id", order::CheckOrderId(id));
      !checked.ok()) {
    return WatchReactor::Refuse(checked);
  }
  return WatchReactor::Start(id,
                             ExecutionFollower::Create(store_, registry_, engine_, options_.limits,
                                                       orders_.ExecutionArnOf(id)));
}

}  // namespace orderflow::api
