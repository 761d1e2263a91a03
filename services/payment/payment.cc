#include "services/payment/payment.h"

#include <google/protobuf/util/time_util.h>

#include <atomic>
#include <optional>
#include <utility>

#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/hash/sha256.h"
#include "common/logging/logging.h"
#include "common/order/order_rules.h"
#include "services/payment/payment_errors.h"

namespace orderflow::payment {
namespace {

constexpr int64_t kMaxAmount = 1'000'000'000'000'000'000;
constexpr size_t kMaxKeyLength = 128;

constexpr PaymentStore::Pause kSettlePause = {.first = absl::Minutes(1), .longest = absl::Hours(1)};

std::optional<std::string> CheckKey(std::string_view key) {
  if (key.size() > kMaxKeyLength) {
    return "has " + std::to_string(key.size()) + " characters; at most " +
           std::to_string(kMaxKeyLength) + " are allowed";
  }
  for (size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    const bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == ':' || c == '-';
    if (!good) {
      return Quote(key) + " contains " + QuoteChar(c) + " at position " + std::to_string(i + 1) +
             "; allowed are A-Z a-z 0-9 . _ : -";
    }
  }
  return std::nullopt;
}

std::optional<std::string> CheckAmount(int64_t amount) {
  if (amount >= 1 && amount <= kMaxAmount) return std::nullopt;
  return "is " + std::to_string(amount) + "; must be 1 to " + std::to_string(kMaxAmount);
}

absl::Status Validate(const v1::ChargePaymentRequest& request) {
  std::vector<FieldViolation> violations;
  order::AddViolation("order_id", order::CheckOrderId(request.order_id()), violations);
  order::AddViolation("amount_minor", CheckAmount(request.amount_minor()), violations);
  order::AddViolation("currency", order::CheckCurrency(request.currency()), violations);
  order::AddViolation("payment_token", order::CheckPaymentToken(request.payment_token()),
                      violations);
  order::AddViolation("idempotency_key", CheckKey(request.idempotency_key()), violations);
  return violations.empty() ? absl::OkStatus() : InvalidArgumentError(violations);
}

// Of RefundPaymentRequest and GetPaymentRequest, which name a payment in the same way.
template <typename Request>
absl::Status ValidateName(const Request& request) {
  std::vector<FieldViolation> violations;
  order::AddViolation("order_id", order::CheckOrderId(request.order_id()), violations);
  order::AddViolation("idempotency_key", CheckKey(request.idempotency_key()), violations);
  return violations.empty() ? absl::OkStatus() : InvalidArgumentError(violations);
}

template <typename Request>
const std::string& KeyOf(const Request& request) {
  return request.idempotency_key().empty() ? request.order_id() : request.idempotency_key();
}

// Of all that makes two requests the same, each part behind its length.
std::string HashOf(const v1::ChargePaymentRequest& request) {
  std::string text;
  for (const std::string& part : {request.order_id(), std::to_string(request.amount_minor()),
                                  request.currency(), request.payment_token()}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return Sha256Hex(text);
}

std::string PaymentId(const std::string& idempotency_key) { return "pay-" + idempotency_key; }

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

v1::Payment ToProto(const PaymentRecord& record) {
  v1::Payment payment;
  payment.set_payment_id(PaymentId(record.idempotency_key));
  payment.set_order_id(record.order_id);
  payment.set_idempotency_key(record.idempotency_key);
  payment.set_amount_minor(record.amount_minor);
  payment.set_currency(record.currency);
  payment.set_status(static_cast<v1::PaymentStatus>(record.state));
  payment.set_gateway_reference(record.gateway_reference);
  payment.set_decline_reason(record.decline_reason);
  *payment.mutable_create_time() = ToTimestamp(record.create_time);
  *payment.mutable_update_time() = ToTimestamp(record.update_time);
  return payment;
}

// What a payment that is no longer pending means to whoever asked for the charge.
absl::StatusOr<v1::ChargePaymentResponse> AnswerCharge(const PaymentRecord& record) {
  v1::ChargePaymentResponse response;
  switch (record.state) {
    case PaymentState::kPending:
      return absl::InternalError("payment " + record.idempotency_key + " is pending still");
    case PaymentState::kRefundPending:
    case PaymentState::kRefunded:
      // The first answer, "charged", would have goods sent for money that is on its way back.
      return PaymentRefundedError(record.idempotency_key);
    case PaymentState::kCharged:
      response.set_payment_status("charged");
      break;
    case PaymentState::kDeclined:
      response.set_payment_status("declined");
      response.set_decline_reason(record.decline_reason);
      break;
  }
  response.set_payment_id(PaymentId(record.idempotency_key));
  response.set_amount_minor(record.amount_minor);
  response.set_currency(record.currency);
  return response;
}

absl::StatusOr<v1::RefundPaymentResponse> AnswerRefund(
    const absl::StatusOr<PaymentRecord>& record) {
  if (!record.ok()) return record.status();
  if (record->state != PaymentState::kRefunded) {
    return PaymentNotChargedError(record->idempotency_key, record->decline_reason);
  }
  v1::RefundPaymentResponse response;
  response.set_refund_status("refunded");
  *response.mutable_payment() = ToProto(*record);
  return response;
}

void LogNoAnswer(std::string_view what, const std::string& order_id, const absl::Status& status) {
  logging::Warning(what, {{"order_id", order_id}, {"error", std::string(status.message())}});
}

// A payment by the two names that a request gives it: both must fit.
absl::StatusOr<PaymentRecord> Named(absl::StatusOr<std::optional<PaymentRecord>> found,
                                    const std::string& order_id, const std::string& key) {
  if (!found.ok()) return std::move(found).status();
  if (!found->has_value() || (*found)->order_id != order_id)
    return PaymentNotFoundError(order_id, key);
  return **std::move(found);
}

}  // namespace

struct Payments::Flight {
  std::string name;  // in flights_
  PaymentRecord wanted;
  std::vector<Callback<v1::ChargePaymentResponse>> waiting;  // guarded by the Payments' mutex_
};

Payments::Payments(PaymentStore& store, PaymentGateway& gateway, const Clock& clock,
                   PaymentOptions options)
    : store_(store),
      gateway_(gateway),
      clock_(clock),
      options_(std::move(options)),
      reversals_(store, gateway, clock, {.gateway_key_prefix = options_.gateway_key_prefix}) {}

Payments::~Payments() {
  MutexLock lock(mutex_);
  while (calls_ > 0) idle_.Wait(mutex_);
}

void Payments::Enter() {
  MutexLock lock(mutex_);
  ++calls_;
}

void Payments::Leave() {
  MutexLock lock(mutex_);
  if (--calls_ == 0) idle_.NotifyAll();
}

template <typename T>
Callback<T> Payments::Tracked(Callback<T> done) {
  Enter();
  return [this, done = std::move(done)](absl::StatusOr<T> result) mutable {
    std::move(done)(std::move(result));
    Leave();
  };
}

void Payments::ChargePayment(const v1::ChargePaymentRequest& request,
                             Callback<v1::ChargePaymentResponse> done) {
  if (absl::Status status = Validate(request); !status.ok())
    return std::move(done)(std::move(status));
  auto flight = std::make_shared<Flight>();
  flight->wanted = {.idempotency_key = KeyOf(request),
                    .order_id = request.order_id(),
                    .amount_minor = request.amount_minor(),
                    .currency = request.currency(),
                    .request_hash = HashOf(request),
                    .payment_token = request.payment_token(),
                    .create_time = clock_.Now()};
  flight->name = flight->wanted.request_hash + flight->wanted.idempotency_key;
  {
    MutexLock lock(mutex_);
    const auto [known, first] = flights_.try_emplace(flight->name, flight);
    known->second->waiting.push_back(std::move(done));
    if (!first) return;
    ++calls_;
  }
  store_.Begin(flight->wanted, flight->wanted.create_time + options_.settle_after,
               [this, flight](auto record) { OnBegun(flight, std::move(record)); });
}

void Payments::OnBegun(const FlightPtr& flight, absl::StatusOr<PaymentRecord> record) {
  if (!record.ok()) return Finish(flight, record.status());
  if (record->request_hash != flight->wanted.request_hash) {
    return Finish(flight, ChargeMismatchError(record->idempotency_key));
  }
  if (record->state != PaymentState::kPending) return Finish(flight, AnswerCharge(*record));
  const GatewayCharge charge = ToGatewayCharge(options_.gateway_key_prefix, *record);
  gateway_.Charge(charge, [this, flight, record = *std::move(record)](auto answer) mutable {
    OnGatewayAnswer(flight, std::move(record), std::move(answer));
  });
}

void Payments::OnGatewayAnswer(const FlightPtr& flight, PaymentRecord record,
                               absl::StatusOr<GatewayAnswer> answer) {
  if (!answer.ok()) {
    LogNoAnswer("charge has no answer", record.order_id, answer.status());
    return Finish(flight, GatewayUnavailableError(answer.status()));
  }
  const bool charged = answer->outcome == GatewayAnswer::Outcome::kCharged;
  record.state = charged ? PaymentState::kCharged : PaymentState::kDeclined;
  record.gateway_reference = std::move(answer->reference);
  if (answer->outcome == GatewayAnswer::Outcome::kDeclined)
    record.decline_reason = std::move(answer->decline_reason);
  if (answer->outcome == GatewayAnswer::Outcome::kNotCharged) record.decline_reason = kAbandoned;
  record.update_time = clock_.Now();
  store_.Step(PaymentState::kPending, std::move(record), absl::InfiniteFuture(),
              [this, flight](auto recorded) {
                if (!recorded.ok()) return Finish(flight, recorded.status());
                Finish(flight, AnswerCharge(*recorded));
              });
}

void Payments::Finish(const FlightPtr& flight,
                      const absl::StatusOr<v1::ChargePaymentResponse>& answer) {
  std::vector<Callback<v1::ChargePaymentResponse>> waiting;
  {
    MutexLock lock(mutex_);
    flights_.erase(flight->name);
    waiting = std::move(flight->waiting);
  }
  for (auto& done : waiting) std::move(done)(answer);
  Leave();
}

void Payments::RefundPayment(const v1::RefundPaymentRequest& request,
                             Callback<v1::RefundPaymentResponse> done) {
  if (absl::Status status = ValidateName(request); !status.ok())
    return std::move(done)(std::move(status));
  done = Tracked(std::move(done));
  const std::string key = KeyOf(request);
  store_.Get(
      key, [this, order_id = request.order_id(), key, done = std::move(done)](auto found) mutable {
        absl::StatusOr<PaymentRecord> record = Named(std::move(found), order_id, key);
        if (!record.ok()) return std::move(done)(std::move(record).status());
        reversals_.Run(*std::move(record), Reversals::OfCharged::kRefund,
                       [done = std::move(done)](auto reversed) mutable {
                         std::move(done)(AnswerRefund(reversed));
                       });
      });
}

void Payments::GetPayment(const v1::GetPaymentRequest& request,
                          Callback<v1::GetPaymentResponse> done) {
  if (absl::Status status = ValidateName(request); !status.ok())
    return std::move(done)(std::move(status));
  const std::string key = KeyOf(request);
  store_.Get(key, [order_id = request.order_id(), key, done = std::move(done)](auto found) mutable {
    const absl::StatusOr<PaymentRecord> record = Named(std::move(found), order_id, key);
    if (!record.ok()) return std::move(done)(record.status());
    v1::GetPaymentResponse response;
    *response.mutable_payment() = ToProto(*record);
    std::move(done)(std::move(response));
  });
}

void Payments::ListPayments(const v1::ListPaymentsRequest& request,
                            Callback<v1::ListPaymentsResponse> done) {
  if (!v1::PaymentStatus_IsValid(request.status())) {
    return std::move(done)(InvalidArgumentError(
        {{"status", "is " + std::to_string(request.status()) + ", which is no PaymentStatus"}}));
  }
  std::string filter = "payments status=" + std::to_string(request.status());
  absl::StatusOr<Page> page = ParsePage(request.page_size(), request.page_token(), filter);
  if (!page.ok()) return std::move(done)(std::move(page).status());
  std::optional<PaymentState> state;
  if (request.status() != v1::PAYMENT_STATUS_UNSPECIFIED)
    state = static_cast<PaymentState>(request.status());
  store_.List(*std::move(page), state,
              [filter = std::move(filter), done = std::move(done)](auto payments) mutable {
                if (!payments.ok()) return std::move(done)(std::move(payments).status());
                v1::ListPaymentsResponse response;
                for (const PaymentRecord& record : payments->rows)
                  *response.add_payments() = ToProto(record);
                const std::string& next = payments->next_cursor;
                if (!next.empty()) response.set_next_page_token(MakePageToken(next, filter));
                std::move(done)(std::move(response));
              });
}

namespace {

// The payments of one round of the settler, and how they fare.
struct Round {
  explicit Round(size_t payments, Callback<int64_t> done_callback)
      : left(payments), done(std::move(done_callback)) {}

  void Count(const absl::StatusOr<PaymentRecord>& record) {
    const bool ended = record.ok() && (record->state == PaymentState::kDeclined ||
                                       record->state == PaymentState::kRefunded);
    if (ended) ++settled;
    if (--left == 0) std::move(done)(settled.load());
  }

  std::atomic<size_t> left;
  std::atomic<int64_t> settled = 0;
  Callback<int64_t> done;
};

}  // namespace

void Payments::SettleAbandoned(Callback<int64_t> done) {
  done = Tracked(std::move(done));
  store_.TakeDue(clock_.Now(), kSettlePause, kSettleBatch,
                 [this, done = std::move(done)](auto due) mutable {
                   if (!due.ok()) return std::move(done)(std::move(due).status());
                   if (due->empty()) return std::move(done)(0);
                   auto round = std::make_shared<Round>(due->size(), std::move(done));
                   for (PaymentRecord& record : *due) {
                     reversals_.Run(std::move(record), Reversals::OfCharged::kLeave,
                                    [round](const auto& settled) { round->Count(settled); });
                   }
                 });
}

}  // namespace orderflow::payment
