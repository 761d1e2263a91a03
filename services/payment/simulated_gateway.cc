#include "services/payment/simulated_gateway.h"

#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/hash/sha256.h"

namespace orderflow::payment {
namespace {

using database::Row;
using database::Transaction;
using Outcome = GatewayAnswer::Outcome;

constexpr database::Migration kMigrations[] = {
    {1, R"sql(
-- What the provider knows.
-- outcome: 0 asked for, nothing has happened; 1 charged; 2 declined; 3 closed, never to be charged.
CREATE TABLE gateway_charges (
  charge_key TEXT NOT NULL PRIMARY KEY,
  reference TEXT NOT NULL,
  order_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  outcome BIGINT NOT NULL,
  decline_reason TEXT NOT NULL,
  calls BIGINT NOT NULL,
  create_time BIGINT NOT NULL
);
CREATE TABLE gateway_refunds (
  refund_key TEXT NOT NULL PRIMARY KEY,
  charge_key TEXT NOT NULL UNIQUE,
  calls BIGINT NOT NULL,
  create_time BIGINT NOT NULL
);
)sql"},
};

constexpr int64_t kAsked = 0;
constexpr int64_t kCharged = 1;
constexpr int64_t kDeclined = 2;

constexpr char kCharge[] =
    "INSERT INTO gateway_charges (charge_key, reference, order_id, amount_minor, currency, "
    "outcome, decline_reason, "
    "calls, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) "
    "ON CONFLICT (charge_key) DO UPDATE SET calls = gateway_charges.calls + 1 "
    "RETURNING outcome, reference, decline_reason, order_id, amount_minor, currency, calls";
constexpr char kChargeAfterAll[] =
    "UPDATE gateway_charges SET outcome = 1 WHERE charge_key = $1 AND outcome = 0";
constexpr char kClose[] =
    "INSERT INTO gateway_charges (charge_key, reference, order_id, amount_minor, currency, "
    "outcome, decline_reason, "
    "calls, create_time) VALUES ($1, $2, $3, $4, $5, 3, '', 0, $6) "
    "ON CONFLICT (charge_key) DO UPDATE SET "
    "outcome = CASE WHEN gateway_charges.outcome = 0 THEN 3 ELSE gateway_charges.outcome END "
    "RETURNING outcome, reference, decline_reason";
constexpr char kFindCharged[] =
    "SELECT reference FROM gateway_charges WHERE charge_key = $1 AND outcome = 1";
constexpr char kRefund[] =
    "INSERT INTO gateway_refunds (refund_key, charge_key, calls, create_time) VALUES ($1, $2, 1, "
    "$3) "
    "ON CONFLICT (refund_key) DO UPDATE SET calls = gateway_refunds.calls + 1";

// How a token makes the provider behave.
struct Behaviour {
  std::string_view token;
  int64_t outcome;
  std::string_view decline_reason = "";
  int64_t fails_before = 0;  // as many calls of a key fail before the charge
  int64_t fails_after = 0;   // as many answers of a key are lost
  absl::Duration delay = absl::ZeroDuration();
};

constexpr int64_t kForever = 1'000'000'000;
const Behaviour kBehaviours[] = {
    {"", kCharged},
    {"tok_approved", kCharged},
    {"tok_declined", kDeclined, "card_declined"},
    {"tok_insufficient_funds", kDeclined, "insufficient_funds"},
    {"tok_error_before", kCharged, "", 2},
    {"tok_error_after", kCharged, "", 0, 2},
    {"tok_unavailable", kCharged, "", kForever},
    {"tok_slow", kCharged, "", 0, 0, absl::Seconds(3)},
};
const Behaviour kUnknownToken = {"", kDeclined, "invalid_token"};

const Behaviour& BehaviourOf(std::string_view token) {
  for (const Behaviour& behaviour : kBehaviours) {
    if (behaviour.token == token) return behaviour;
  }
  return kUnknownToken;
}

std::string ReferenceOf(const std::string& key) { return "sim_" + Sha256Hex(key).substr(0, 24); }

GatewayAnswer ToAnswer(int64_t outcome, const std::string& reference,
                       const std::string& decline_reason) {
  switch (outcome) {
    case kCharged:
      return {.outcome = Outcome::kCharged, .reference = reference, .decline_reason = ""};
    case kDeclined:
      return {
          .outcome = Outcome::kDeclined, .reference = reference, .decline_reason = decline_reason};
    default:
      return {.outcome = Outcome::kNotCharged, .reference = "", .decline_reason = ""};
  }
}

// What a call finds in the ledger, or has just put there.
struct Entry {
  GatewayAnswer answer;
  bool asked_only = false;  // nothing has happened yet
  int64_t calls = 0;
};

absl::StatusOr<Entry> ChargeBody(Transaction& txn, const GatewayCharge& charge,
                                 const Behaviour& behaviour, absl::Time now) {
  const int64_t outcome = behaviour.fails_before > 0 ? kAsked : behaviour.outcome;
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(kCharge, {std::string_view(charge.key), std::string_view(ReferenceOf(charge.key)),
                          std::string_view(charge.order_id), charge.amount_minor,
                          std::string_view(charge.currency), outcome, behaviour.decline_reason,
                          absl::ToUnixMicros(now)}));
  const Row& row = rows.at(0);
  if (row.Text(3) != charge.order_id || row.Int(4) != charge.amount_minor ||
      row.Text(5) != charge.currency) {
    return absl::FailedPreconditionError(
        "the provider knows the key with another order, amount or currency");
  }
  Entry entry = {.answer = ToAnswer(row.Int(0), row.Text(1), row.Text(2)), .calls = row.Int(6)};
  entry.asked_only = row.Int(0) == kAsked;
  if (entry.asked_only && entry.calls > behaviour.fails_before) {
    ORDERFLOW_RETURN_IF_ERROR(
        txn.Execute(kChargeAfterAll, {std::string_view(charge.key)}).status());
    entry.answer = ToAnswer(kCharged, row.Text(1), row.Text(2));
    entry.asked_only = false;
  }
  return entry;
}

absl::StatusOr<GatewayAnswer> WhatArrives(const absl::StatusOr<Entry>& entry,
                                          const Behaviour& behaviour) {
  if (!entry.ok()) return entry.status();
  if (entry->asked_only)
    return absl::UnavailableError("simulated: the connection failed before the charge");
  if (entry->calls <= behaviour.fails_after) {
    return absl::UnavailableError("simulated: the connection failed after the charge");
  }
  return entry->answer;
}

absl::StatusOr<GatewayAnswer> CloseBody(Transaction& txn, const GatewayCharge& charge,
                                        absl::Time now) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(kClose, {std::string_view(charge.key), std::string_view(ReferenceOf(charge.key)),
                         std::string_view(charge.order_id), charge.amount_minor,
                         std::string_view(charge.currency), absl::ToUnixMicros(now)}));
  return ToAnswer(rows.at(0).Int(0), rows.at(0).Text(1), rows.at(0).Text(2));
}

absl::Status RefundBody(Transaction& txn, const GatewayRefund& refund, absl::Time now) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kFindCharged, {std::string_view(refund.charge_key)}));
  if (rows.empty() || rows[0].Text(0) != refund.charge_reference) {
    return absl::FailedPreconditionError("the provider knows no such charge");
  }
  return txn
      .Execute(kRefund, {std::string_view(refund.key), std::string_view(refund.charge_key),
                         absl::ToUnixMicros(now)})
      .status();
}

}  // namespace

absl::Span<const database::Migration> SimulatedGateway::Migrations() { return kMigrations; }

void SimulatedGateway::Charge(const GatewayCharge& charge, Callback<GatewayAnswer> done) {
  const Behaviour& behaviour = BehaviourOf(charge.payment_token);
  ledger_.Submit(
      [charge, &behaviour, now = clock_.Now()](Transaction& txn) {
        return ChargeBody(txn, charge, behaviour, now);
      },
      Callback<Entry>([this, &behaviour, done = std::move(done)](auto entry) mutable {
        const absl::Duration delay = latency_ + behaviour.delay;
        absl::StatusOr<GatewayAnswer> answer = WhatArrives(entry, behaviour);
        if (delay <= absl::ZeroDuration()) return std::move(done)(std::move(answer));
        delays_.RunAfter(delay, [done = std::move(done), answer = std::move(answer)]() mutable {
          std::move(done)(std::move(answer));
        });
      }));
}

void SimulatedGateway::Close(const GatewayCharge& charge, Callback<GatewayAnswer> done) {
  ledger_.Submit(
      [charge, now = clock_.Now()](Transaction& txn) { return CloseBody(txn, charge, now); },
      std::move(done));
}

void SimulatedGateway::Refund(const GatewayRefund& refund, StatusCallback done) {
  ledger_.Submit(
      [refund, now = clock_.Now()](Transaction& txn) { return RefundBody(txn, refund, now); },
      std::move(done));
}

}  // namespace orderflow::payment
