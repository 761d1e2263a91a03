#include "services/receive/receive.h"

#include <google/protobuf/util/time_util.h>

#include <utility>

#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/hash/sha256.h"
#include "common/order/order_rules.h"

namespace orderflow::receive {
namespace {

constexpr char kErrorDomain[] = "receive.orderflow";
constexpr char kListName[] = "received orders";

absl::Status OrderError(absl::Status status, std::string_view reason, const std::string& order_id) {
  return WithErrorInfo(std::move(status), {.reason = std::string(reason),
                                           .domain = kErrorDomain,
                                           .metadata = {{"order_id", order_id}}});
}

absl::Status OtherContentError(const std::string& order_id) {
  return OrderError(
      absl::AlreadyExistsError("order " + order_id + " is on record with other content"),
      "ORDER_ALREADY_EXISTS", order_id);
}

absl::Status NotFoundError(const std::string& order_id) {
  return OrderError(absl::NotFoundError("no order " + order_id + " is on record"),
                    "ORDER_NOT_FOUND", order_id);
}

// Each part behind its length, so that no two orders hash the same text. The id makes equal tokens
// of different orders look different in the database.
std::string ContentHash(const order::OrderFields& order) {
  std::string text;
  const std::string quantity = std::to_string(order.quantity);
  for (const std::string_view part : {order.order_id, order.product_id, std::string_view(quantity),
                                      order.customer_email, order.payment_token}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return Sha256(text);
}

RecordedOrder ToRecord(const order::OrderFields& order, absl::Time now) {
  return {.order_id = std::string(order.order_id),
          .product_id = std::string(order.product_id),
          .quantity = order.quantity,
          .customer_email = std::string(order.customer_email),
          .content_hash = ContentHash(order),
          .receive_time = absl::FromUnixMicros(absl::ToUnixMicros(now))};
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

v1::ReceivedOrder ToProto(const RecordedOrder& order) {
  v1::ReceivedOrder out;
  out.set_order_id(order.order_id);
  out.set_product_id(order.product_id);
  out.set_quantity(static_cast<int32_t>(order.quantity));
  out.set_customer_email(order.customer_email);
  *out.mutable_receive_time() = ToTimestamp(order.receive_time);
  return out;
}

}  // namespace

void Receive::ReceiveOrder(const v1::ReceiveOrderRequest& request,
                           Callback<v1::ReceiveOrderResponse> done) {
  const order::OrderFields fields = order::FieldsOf(request);
  const std::vector<FieldViolation> violations = order::ValidateOrder(fields);
  if (!violations.empty()) return std::move(done)(InvalidArgumentError(violations));

  RecordedOrder order = ToRecord(fields, clock_.Now());
  v1::ReceiveOrderResponse response;
  response.set_order_id(order.order_id);
  response.set_order_status("received");
  response.set_payment_token(request.payment_token());
  std::string hash = order.content_hash;
  store_.Record(std::move(order),
                [hash = std::move(hash), response = std::move(response),
                 done = std::move(done)](absl::StatusOr<RecordedOrder> recorded) mutable {
                  if (!recorded.ok()) return std::move(done)(std::move(recorded).status());
                  if (recorded->content_hash != hash)
                    return std::move(done)(OtherContentError(recorded->order_id));
                  *response.mutable_receive_time() = ToTimestamp(recorded->receive_time);
                  std::move(done)(std::move(response));
                });
}

void Receive::GetOrder(const v1::GetOrderRequest& request, Callback<v1::GetOrderResponse> done) {
  absl::Status valid = order::CheckField("order_id", order::CheckOrderId(request.order_id()));
  if (!valid.ok()) return std::move(done)(std::move(valid));
  store_.Find(request.order_id(), [order_id = request.order_id(), done = std::move(done)](
                                      absl::StatusOr<std::optional<RecordedOrder>> found) mutable {
    if (!found.ok()) return std::move(done)(std::move(found).status());
    if (!found->has_value()) return std::move(done)(NotFoundError(order_id));
    v1::GetOrderResponse response;
    *response.mutable_order() = ToProto(**found);
    std::move(done)(std::move(response));
  });
}

void Receive::ListOrders(const v1::ListOrdersRequest& request,
                         Callback<v1::ListOrdersResponse> done) {
  absl::StatusOr<Page> page = ParsePage(request.page_size(), request.page_token(), kListName);
  if (!page.ok()) return std::move(done)(std::move(page).status());
  store_.List(*page,
              [done = std::move(done)](absl::StatusOr<ReceiveStore::OrderPage> orders) mutable {
                if (!orders.ok()) return std::move(done)(std::move(orders).status());
                v1::ListOrdersResponse response;
                for (const RecordedOrder& order : orders->orders)
                  *response.add_orders() = ToProto(order);
                if (!orders->next_cursor.empty())
                  response.set_next_page_token(MakePageToken(orders->next_cursor, kListName));
                std::move(done)(std::move(response));
              });
}

}  // namespace orderflow::receive
