#include <chrono>
#include <functional>
#include <utility>

#include "bench/stub_pool.h"
#include "bench/workloads.h"
#include "orderflow/order/v1/order.grpc.pb.h"
#include "orderflow/workflow/v1/workflow.grpc.pb.h"

namespace orderflow::bench {
namespace {

// One unary call per order.
template <typename Service, typename Request, typename Response>
class UnaryWorkload final : public Workload {
 public:
  using Stub = typename Service::StubInterface::async_interface;
  using Method = void (Stub::*)(grpc::ClientContext*, const Request*, Response*,
                                std::function<void(grpc::Status)>);
  struct Options {
    const char* name;  // of the call, for messages
    Method method;
    std::function<void(const std::string& order_id, Request&)> fill;
    std::function<absl::Status(const Response&)> judge;  // what an answer means
  };

  UnaryWorkload(const std::string& address, const ConnectionOptions& connection, Options options)
      : options_(std::move(options)),
        deadline_(absl::ToChronoMilliseconds(connection.deadline)),
        stubs_(address, connection.channels) {}

  void RunOrder(const std::string& order_id, StatusCallback done) override {
    auto* call = new Call;
    call->context.set_deadline(std::chrono::system_clock::now() + deadline_);
    options_.fill(order_id, call->request);
    call->done = std::move(done);
    Stub* stub = stubs_.Next();
    (stub->*options_.method)(&call->context, &call->request, &call->response,
                             [this, call](const grpc::Status& status) { OnAnswer(call, status); });
  }

 private:
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
    StatusCallback done;
  };

  void OnAnswer(Call* call, const grpc::Status& status) {
    absl::Status result =
        status.ok() ? options_.judge(call->response) : CallError(options_.name, status);
    StatusCallback done = std::move(call->done);
    delete call;
    std::move(done)(std::move(result));
  }

  const Options options_;
  const std::chrono::milliseconds deadline_;
  StubPool<Service> stubs_;
};

template <typename Request>
std::function<void(const std::string&, Request&)> FillWith(OrderTemplate order) {
  return [order = std::move(order)](const std::string& order_id, Request& request) {
    request.set_order_id(order_id);
    request.set_product_id(order.product_id);
    request.set_quantity(order.quantity);
    request.set_customer_email(order.customer_email);
    request.set_payment_token(order.payment_token);
  };
}

absl::Status IsConfirmed(const order::v1::PlaceOrderResponse& response) {
  const order::v1::Order& order = response.order();
  if (order.outcome() == order::v1::OUTCOME_CONFIRMED) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("order ", order.order_id(), " ended as ",
                                                    order::v1::Outcome_Name(order.outcome()), ": ",
                                                    order.cause()));
}

}  // namespace

std::unique_ptr<Workload> NewPlaceOrder(const std::string& orchestrator, const OrderTemplate& order,
                                        const ConnectionOptions& connection) {
  using Calls = UnaryWorkload<order::v1::OrderService, order::v1::PlaceOrderRequest,
                              order::v1::PlaceOrderResponse>;
  return std::make_unique<Calls>(
      orchestrator, connection,
      Calls::Options{.name = "PlaceOrder",
                     .method = &Calls::Stub::PlaceOrder,
                     .fill = FillWith<order::v1::PlaceOrderRequest>(order),
                     .judge = &IsConfirmed});
}

std::unique_ptr<Workload> NewSubmitOrder(const std::string& orchestrator,
                                         const OrderTemplate& order,
                                         const ConnectionOptions& connection) {
  using Calls = UnaryWorkload<order::v1::OrderService, order::v1::SubmitOrderRequest,
                              order::v1::SubmitOrderResponse>;
  return std::make_unique<Calls>(
      orchestrator, connection,
      Calls::Options{.name = "SubmitOrder",
                     .method = &Calls::Stub::SubmitOrder,
                     .fill = FillWith<order::v1::SubmitOrderRequest>(order),
                     .judge = [](const auto&) { return absl::OkStatus(); }});
}

std::unique_ptr<Workload> NewStartExecution(const std::string& orchestrator,
                                            const std::string& state_machine_arn,
                                            const std::string& input,
                                            const ConnectionOptions& connection) {
  using Calls = UnaryWorkload<workflow::v1::WorkflowService, workflow::v1::StartExecutionRequest,
                              workflow::v1::StartExecutionResponse>;
  return std::make_unique<Calls>(
      orchestrator, connection,
      Calls::Options{.name = "StartExecution",
                     .method = &Calls::Stub::StartExecution,
                     .fill =
                         [state_machine_arn, input](const std::string& name,
                                                    workflow::v1::StartExecutionRequest& request) {
                           request.set_state_machine_arn(state_machine_arn);
                           request.set_name(name);
                           request.set_input(input);
                         },
                     .judge = [](const auto&) { return absl::OkStatus(); }});
}

}  // namespace orderflow::bench
