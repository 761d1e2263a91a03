#include "services/inventory/inventory.h"

#include <google/protobuf/util/time_util.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/check.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/order/order_rules.h"

namespace orderflow::inventory {
namespace {

constexpr int64_t kMaxMinor = 1'000'000'000'000;      // of a price, as the contract says
constexpr int64_t kMaxAvailable = 1'000'000'000'000;  // that can be set
static_assert(kMaxMinor <= std::numeric_limits<int64_t>::max() / order::kMaxQuantity,
              "a total must fit 64 bits");

constexpr int kSweepBatch = 256;  // as many as fit one transaction of the store

absl::Status Error(absl::Status status, const char* reason, const char* key,
                   const std::string& value) {
  return WithErrorInfo(
      std::move(status),
      {.reason = reason, .domain = "inventory.orderflow", .metadata = {{key, value}}});
}

absl::Status ProductNotFound(const std::string& product_id) {
  return Error(absl::NotFoundError("there is no product " + Quote(product_id)), "PRODUCT_NOT_FOUND",
               "product_id", product_id);
}

absl::Status ReservationNotFound(const std::string& order_id) {
  return Error(absl::NotFoundError("order " + Quote(order_id) + " has no reservation"),
               "RESERVATION_NOT_FOUND", "order_id", order_id);
}

absl::Status ReservationMismatch(const ReservationRecord& first) {
  return Error(absl::AlreadyExistsError(
                   "order " + Quote(first.order_id) + " was checked before for " +
                   std::to_string(first.quantity) + " of product " + Quote(first.product_id)),
               "RESERVATION_MISMATCH", "order_id", first.order_id);
}

absl::Status ReservationEnded(const ReservationRecord& record) {
  const char* how = record.state == ReservationState::kExpired ? " has expired" : " was released";
  return Error(
      absl::FailedPreconditionError("the reservation of order " + Quote(record.order_id) + how),
      "RESERVATION_ENDED", "order_id", record.order_id);
}

absl::Status ReservationCommitted(const ReservationRecord& record) {
  return Error(absl::FailedPreconditionError("the reservation of order " + Quote(record.order_id) +
                                             " was committed: its goods have left"),
               "RESERVATION_COMMITTED", "order_id", record.order_id);
}

std::string ReservationId(const std::string& order_id) { return "rsv-" + order_id; }

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

v1::Reservation ToProto(const ReservationRecord& record) {
  v1::Reservation reservation;
  reservation.set_reservation_id(ReservationId(record.order_id));
  reservation.set_order_id(record.order_id);
  reservation.set_product_id(record.product_id);
  reservation.set_quantity(static_cast<int32_t>(record.quantity));
  reservation.set_unit_price_minor(record.unit_price_minor);
  reservation.set_currency(record.currency);
  reservation.set_status(static_cast<v1::ReservationStatus>(record.state));
  *reservation.mutable_create_time() = ToTimestamp(record.create_time);
  *reservation.mutable_update_time() = ToTimestamp(record.update_time);
  return reservation;
}

v1::Stock ToProto(const Product& product) {
  v1::Stock stock;
  stock.set_product_id(product.product_id);
  stock.set_available_quantity(product.available);
  stock.set_reserved_quantity(product.reserved);
  stock.set_unit_price_minor(product.unit_price_minor);
  stock.set_currency(product.currency);
  *stock.mutable_update_time() = ToTimestamp(product.update_time);
  return stock;
}

absl::Status Validate(const v1::CheckInventoryRequest& request) {
  std::vector<FieldViolation> violations;
  order::AddViolation("order_id", order::CheckOrderId(request.order_id()), violations);
  order::AddViolation("product_id", order::CheckProductId(request.product_id()), violations);
  order::AddViolation("quantity", order::CheckQuantity(request.quantity()), violations);
  return violations.empty() ? absl::OkStatus() : InvalidArgumentError(violations);
}

std::optional<std::string> CheckRange(int64_t value, int64_t max) {
  if (value >= 0 && value <= max) return std::nullopt;
  return "is " + std::to_string(value) + "; must be 0 to " + std::to_string(max);
}

absl::Status Validate(const v1::SetStockRequest& request) {
  std::vector<FieldViolation> violations;
  order::AddViolation("product_id", order::CheckProductId(request.product_id()), violations);
  order::AddViolation("available_quantity", CheckRange(request.available_quantity(), kMaxAvailable),
                      violations);
  if (request.has_unit_price_minor()) {
    order::AddViolation("unit_price_minor", CheckRange(request.unit_price_minor(), kMaxMinor),
                        violations);
  }
  if (request.has_currency()) {
    order::AddViolation("currency", order::CheckCurrency(request.currency()), violations);
  }
  return violations.empty() ? absl::OkStatus() : InvalidArgumentError(violations);
}

absl::Status IncompleteProduct(const v1::SetStockRequest& request) {
  const std::string text = "is required, since product " + Quote(request.product_id()) + " is new";
  std::vector<FieldViolation> violations;
  if (!request.has_unit_price_minor()) violations.push_back({"unit_price_minor", text});
  if (!request.has_currency()) violations.push_back({"currency", text});
  return InvalidArgumentError(violations);
}

// What the record of an order's check means to whoever asked for `request`.
absl::StatusOr<v1::CheckInventoryResponse> AnswerCheck(
    const std::string& product_id, int64_t quantity,
    const std::optional<ReservationRecord>& record) {
  if (!record.has_value()) return ProductNotFound(product_id);
  if (record->product_id != product_id || record->quantity != quantity)
    return ReservationMismatch(*record);
  v1::CheckInventoryResponse response;
  switch (record->state) {
    case ReservationState::kReleased:
    case ReservationState::kExpired:
      // The first answer would promise stock that is no longer set aside.
      return ReservationEnded(*record);
    case ReservationState::kRefused:
      response.set_inventory_status("unavailable");
      break;
    case ReservationState::kReserved:
    case ReservationState::kCommitted:
      response.set_inventory_status("available");
      response.set_reservation_id(ReservationId(record->order_id));
      break;
  }
  response.set_available_quantity(record->available_after);
  response.set_unit_price_minor(record->unit_price_minor);
  response.set_total_minor(record->unit_price_minor * record->quantity);
  response.set_currency(record->currency);
  return response;
}

absl::StatusOr<v1::ReleaseReservationResponse> AnswerRelease(
    const std::optional<ReservationRecord>& record) {
  if (record.has_value() && record->state == ReservationState::kCommitted)
    return ReservationCommitted(*record);
  const bool released = record.has_value() && record->state == ReservationState::kReleased;
  v1::ReleaseReservationResponse response;
  response.set_release_status(released ? "released" : "none");
  return response;
}

absl::StatusOr<v1::CommitReservationResponse> AnswerCommit(
    const std::string& order_id, const std::optional<ReservationRecord>& record) {
  if (!record.has_value() || record->state == ReservationState::kRefused)
    return ReservationNotFound(order_id);
  if (record->state != ReservationState::kCommitted) return ReservationEnded(*record);
  v1::CommitReservationResponse response;
  *response.mutable_reservation() = ToProto(*record);
  return response;
}

// One sweep: reads the oldest open reservations, ends them, and goes on while there are more. Frees
// itself.
class Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  Sweep(InventoryStore& store, const Clock& clock, absl::Time cutoff, Callback<int64_t> done)
      : store_(store), clock_(clock), cutoff_(cutoff), done_(std::move(done)) {}

  void Start() {
    store_.ListOpenSince(cutoff_, kSweepBatch,
                         [self = shared_from_this()](auto orders) { self->OnListed(orders); });
  }

 private:
  using Ended = absl::StatusOr<std::optional<ReservationRecord>>;

  void OnListed(const absl::StatusOr<std::vector<std::string>>& orders) {
    if (!orders.ok()) return std::move(done_)(orders.status());
    int64_t ended = 0;
    {
      MutexLock lock(mutex_);
      outstanding_ = orders->size();
      ended = ended_;
    }
    if (orders->empty()) return std::move(done_)(ended);
    for (const std::string& order_id : *orders) {
      store_.End(order_id, ReservationState::kExpired, clock_.Now(),
                 [self = shared_from_this()](Ended record) { self->OnEnded(record); });
    }
  }

  void OnEnded(const Ended& record) {
    absl::Status failure;
    {
      MutexLock lock(mutex_);
      if (!record.ok()) failure_.Update(record.status());
      if (record.ok() && record->has_value() && (*record)->state == ReservationState::kExpired)
        ++ended_;
      if (--outstanding_ > 0) return;
      failure = failure_;
    }
    if (!failure.ok()) return std::move(done_)(failure);
    Start();
  }

  InventoryStore& store_;
  const Clock& clock_;
  const absl::Time cutoff_;
  Callback<int64_t> done_;
  Mutex mutex_;
  size_t outstanding_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t ended_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void Inventory::CheckInventory(const v1::CheckInventoryRequest& request,
                               Callback<v1::CheckInventoryResponse> done) {
  if (absl::Status status = Validate(request); !status.ok())
    return std::move(done)(std::move(status));
  ReservationRecord wanted = {.order_id = request.order_id(),
                              .product_id = request.product_id(),
                              .quantity = request.quantity(),
                              .create_time = clock_.Now()};
  store_.Check(std::move(wanted), [product_id = request.product_id(), quantity = request.quantity(),
                                   done = std::move(done)](auto record) mutable {
    if (!record.ok()) return std::move(done)(std::move(record).status());
    std::move(done)(AnswerCheck(product_id, quantity, *record));
  });
}

void Inventory::ReleaseReservation(const v1::ReleaseReservationRequest& request,
                                   Callback<v1::ReleaseReservationResponse> done) {
  absl::Status status = order::CheckField("order_id", order::CheckOrderId(request.order_id()));
  if (!status.ok()) return std::move(done)(std::move(status));
  store_.End(request.order_id(), ReservationState::kReleased, clock_.Now(),
             [done = std::move(done)](auto record) mutable {
               if (!record.ok()) return std::move(done)(std::move(record).status());
               std::move(done)(AnswerRelease(*record));
             });
}

void Inventory::CommitReservation(const v1::CommitReservationRequest& request,
                                  Callback<v1::CommitReservationResponse> done) {
  absl::Status status = order::CheckField("order_id", order::CheckOrderId(request.order_id()));
  if (!status.ok()) return std::move(done)(std::move(status));
  store_.End(request.order_id(), ReservationState::kCommitted, clock_.Now(),
             [order_id = request.order_id(), done = std::move(done)](auto record) mutable {
               if (!record.ok()) return std::move(done)(std::move(record).status());
               std::move(done)(AnswerCommit(order_id, *record));
             });
}

void Inventory::GetReservation(const v1::GetReservationRequest& request,
                               Callback<v1::GetReservationResponse> done) {
  absl::Status status = order::CheckField("order_id", order::CheckOrderId(request.order_id()));
  if (!status.ok()) return std::move(done)(std::move(status));
  store_.GetReservation(request.order_id(), [order_id = request.order_id(),
                                             done = std::move(done)](auto record) mutable {
    if (!record.ok()) return std::move(done)(std::move(record).status());
    const bool found = record->has_value() && (*record)->state != ReservationState::kRefused;
    if (!found) return std::move(done)(ReservationNotFound(order_id));
    v1::GetReservationResponse response;
    *response.mutable_reservation() = ToProto(**record);
    std::move(done)(std::move(response));
  });
}

void Inventory::ListReservations(const v1::ListReservationsRequest& request,
                                 Callback<v1::ListReservationsResponse> done) {
  if (!v1::ReservationStatus_IsValid(request.status())) {
    return std::move(done)(
        InvalidArgumentError({{"status", "is " + std::to_string(request.status()) +
                                             ", which is no ReservationStatus"}}));
  }
  std::string filter = "reservations status=" + std::to_string(request.status());
  absl::StatusOr<Page> page = ParsePage(request.page_size(), request.page_token(), filter);
  if (!page.ok()) return std::move(done)(std::move(page).status());
  std::optional<ReservationState> state;
  if (request.status() != v1::RESERVATION_STATUS_UNSPECIFIED)
    state = static_cast<ReservationState>(request.status());
  store_.ListReservations(
      *std::move(page), state,
      [filter = std::move(filter), done = std::move(done)](auto records) mutable {
        if (!records.ok()) return std::move(done)(std::move(records).status());
        v1::ListReservationsResponse response;
        for (const ReservationRecord& record : records->rows) {
          *response.add_reservations() = ToProto(record);
        }
        const std::string& next = records->next_cursor;
        if (!next.empty()) response.set_next_page_token(MakePageToken(next, filter));
        std::move(done)(std::move(response));
      });
}

void Inventory::GetStock(const v1::GetStockRequest& request, Callback<v1::GetStockResponse> done) {
  absl::Status status =
      order::CheckField("product_id", order::CheckProductId(request.product_id()));
  if (!status.ok()) return std::move(done)(std::move(status));
  store_.GetStock(request.product_id(), [product_id = request.product_id(),
                                         done = std::move(done)](auto product) mutable {
    if (!product.ok()) return std::move(done)(std::move(product).status());
    if (!product->has_value()) return std::move(done)(ProductNotFound(product_id));
    v1::GetStockResponse response;
    *response.mutable_stock() = ToProto(**product);
    std::move(done)(std::move(response));
  });
}

void Inventory::ListStock(const v1::ListStockRequest& request,
                          Callback<v1::ListStockResponse> done) {
  constexpr std::string_view kFilter = "stock";
  absl::StatusOr<Page> page = ParsePage(request.page_size(), request.page_token(), kFilter);
  if (!page.ok()) return std::move(done)(std::move(page).status());
  store_.ListStock(*std::move(page), [kFilter, done = std::move(done)](auto products) mutable {
    if (!products.ok()) return std::move(done)(std::move(products).status());
    v1::ListStockResponse response;
    for (const Product& product : products->rows) *response.add_stock() = ToProto(product);
    const std::string& next = products->next_cursor;
    if (!next.empty()) response.set_next_page_token(MakePageToken(next, kFilter));
    std::move(done)(std::move(response));
  });
}

void Inventory::SetStock(const v1::SetStockRequest& request, Callback<v1::SetStockResponse> done) {
  if (absl::Status status = Validate(request); !status.ok())
    return std::move(done)(std::move(status));
  StockSetting setting = {.product_id = request.product_id(),
                          .available = request.available_quantity(),
                          .unit_price_minor = std::nullopt,
                          .currency = std::nullopt,
                          .now = clock_.Now()};
  if (request.has_unit_price_minor()) setting.unit_price_minor = request.unit_price_minor();
  if (request.has_currency()) setting.currency = request.currency();
  store_.SetStock(std::move(setting), [request, done = std::move(done)](auto product) mutable {
    if (!product.ok()) return std::move(done)(std::move(product).status());
    if (!product->has_value()) return std::move(done)(IncompleteProduct(request));
    v1::SetStockResponse response;
    *response.mutable_stock() = ToProto(**product);
    std::move(done)(std::move(response));
  });
}

void Inventory::SweepExpired(absl::Duration age, Callback<int64_t> done) {
  std::make_shared<Sweep>(store_, clock_, clock_.Now() - age, std::move(done))->Start();
}

}  // namespace orderflow::inventory
