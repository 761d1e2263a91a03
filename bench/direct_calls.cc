#include <chrono>
#include <utility>

#include "bench/stub_pool.h"
#include "bench/workloads.h"
#include "orderflow/email/v1/email.grpc.pb.h"
#include "orderflow/inventory/v1/inventory.grpc.pb.h"
#include "orderflow/payment/v1/payment.grpc.pb.h"
#include "orderflow/receive/v1/receive.grpc.pb.h"

namespace orderflow::bench {
namespace {

class DirectCalls final : public Workload {
 public:
  DirectCalls(const ServerAddresses& servers, OrderTemplate order,
              const ConnectionOptions& connection)
      : order_(std::move(order)),
        deadline_(absl::ToChronoMilliseconds(connection.deadline)),
        receive_(servers.receive, connection.channels),
        inventory_(servers.inventory, connection.channels),
        payment_(servers.payment, connection.channels),
        email_(servers.email, connection.channels) {}

  void RunOrder(const std::string& order_id, StatusCallback done) override {
    (new Order(*this, order_id, std::move(done)))->Receive();
  }

 private:
  // One order on its way through the four services; deletes itself when it has ended.
  class Order {
   public:
    Order(DirectCalls& calls, const std::string& id, StatusCallback done)
        : calls_(calls), id_(id), done_(std::move(done)) {
      for (grpc::ClientContext& context : contexts_) {
        context.set_deadline(std::chrono::system_clock::now() + calls.deadline_);
      }
    }

    void Receive() {
      received_request_.set_order_id(id_);
      received_request_.set_product_id(calls_.order_.product_id);
      received_request_.set_quantity(calls_.order_.quantity);
      received_request_.set_customer_email(calls_.order_.customer_email);
      received_request_.set_payment_token(calls_.order_.payment_token);
      calls_.receive_.Next()->ReceiveOrder(
          &contexts_[0], &received_request_, &received_,
          [this](const grpc::Status& status) { OnReceived(status); });
    }

   private:
    void OnReceived(const grpc::Status& status) {
      if (!status.ok()) return End(CallError("ReceiveOrder", status));
      check_request_.set_order_id(id_);
      check_request_.set_product_id(calls_.order_.product_id);
      check_request_.set_quantity(calls_.order_.quantity);
      calls_.inventory_.Next()->CheckInventory(
          &contexts_[1], &check_request_, &checked_,
          [this](const grpc::Status& answer) { OnChecked(answer); });
    }

    void OnChecked(const grpc::Status& status) {
      if (!status.ok()) return End(CallError("CheckInventory", status));
      if (checked_.inventory_status() != "available")
        return End(absl::FailedPreconditionError("out of stock"));
      charge_request_.set_order_id(id_);
      charge_request_.set_amount_minor(checked_.total_minor());
      charge_request_.set_currency(checked_.currency());
      charge_request_.set_payment_token(calls_.order_.payment_token);
      calls_.payment_.Next()->ChargePayment(
          &contexts_[2], &charge_request_, &charged_,
          [this](const grpc::Status& answer) { OnCharged(answer); });
    }

    void OnCharged(const grpc::Status& status) {
      if (!status.ok()) return End(CallError("ChargePayment", status));
      if (charged_.payment_status() != "charged")
        return End(absl::FailedPreconditionError("card declined"));
      mail_request_.set_order_id(id_);
      mail_request_.set_customer_email(calls_.order_.customer_email);
      mail_request_.set_product_id(calls_.order_.product_id);
      mail_request_.set_quantity(calls_.order_.quantity);
      mail_request_.set_amount_minor(charged_.amount_minor());
      mail_request_.set_currency(charged_.currency());
      calls_.email_.Next()->SendConfirmationEmail(
          &contexts_[3], &mail_request_, &mailed_,
          [this](const grpc::Status& answer) { OnMailed(answer); });
    }

    void OnMailed(const grpc::Status& status) {
      End(status.ok() ? absl::OkStatus() : CallError("SendConfirmationEmail", status));
    }

    void End(absl::Status status) {
      StatusCallback done = std::move(done_);
      delete this;
      std::move(done)(std::move(status));
    }

    DirectCalls& calls_;
    const std::string id_;
    StatusCallback done_;
    grpc::ClientContext contexts_[4];
    receive::v1::ReceiveOrderRequest received_request_;
    receive::v1::ReceiveOrderResponse received_;
    inventory::v1::CheckInventoryRequest check_request_;
    inventory::v1::CheckInventoryResponse checked_;
    payment::v1::ChargePaymentRequest charge_request_;
    payment::v1::ChargePaymentResponse charged_;
    email::v1::SendConfirmationEmailRequest mail_request_;
    email::v1::SendConfirmationEmailResponse mailed_;
  };

  const OrderTemplate order_;
  const std::chrono::milliseconds deadline_;
  StubPool<receive::v1::ReceiveService> receive_;
  StubPool<inventory::v1::InventoryService> inventory_;
  StubPool<payment::v1::PaymentService> payment_;
  StubPool<email::v1::EmailService> email_;
};

}  // namespace

std::unique_ptr<Workload> NewDirectCalls(const ServerAddresses& servers, const OrderTemplate& order,
                                         const ConnectionOptions& connection) {
  return std::make_unique<DirectCalls>(servers, order, connection);
}

}  // namespace orderflow::bench
