#include "services/payment/stripe_answer.h"

#include <string_view>
#include <utility>

#include "common/base/quote.h"
#include "common/json/value.h"

namespace orderflow::payment {
namespace {

using json::Value;
using Outcome = GatewayAnswer::Outcome;

// A member that is text, or nothing: Stripe leaves out or nulls what does not apply.
std::string Text(const Value* value, std::string_view key) {
  const Value* member = value == nullptr ? nullptr : value->Find(key);
  return member != nullptr && member->IsString() ? member->AsString() : std::string();
}

struct StripeError {
  std::string type;
  std::string code;
  std::string decline_code;
  std::string param;
  std::string payment_intent;
};

StripeError ReadError(const Value& body) {
  const Value* error = body.Find("error");
  return {.type = Text(error, "type"),
          .code = Text(error, "code"),
          .decline_code = Text(error, "decline_code"),
          .param = Text(error, "param"),
          .payment_intent = Text(error == nullptr ? nullptr : error->Find("payment_intent"), "id")};
}

// A word of Stripe's, fit to be shown and stored whatever the other side sends.
std::string Word(const std::string& text, std::string_view otherwise) {
  if (text.empty() || text.size() > 64) return std::string(otherwise);
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
      return std::string(otherwise);
  }
  return text;
}

StripeReading Answered(Outcome outcome, std::string reference, std::string decline_reason = "") {
  StripeReading reading;
  reading.verdict = StripeVerdict::kAnswered;
  reading.answer = {.outcome = outcome,
                    .reference = std::move(reference),
                    .decline_reason = std::move(decline_reason)};
  return reading;
}

StripeReading Open(StripeVerdict verdict, const std::string& why) {
  StripeReading reading;
  reading.verdict = verdict;
  reading.why = absl::UnavailableError("Stripe: " + why);
  return reading;
}

StripeReading ReadStatus(const Value& intent) {
  const std::string id = Text(&intent, "id");
  const std::string status = Text(&intent, "status");
  if (id.empty() || id.size() > 255)
    return Open(StripeVerdict::kOpen, "an answer without a payment intent");
  if (status == "succeeded") return Answered(Outcome::kCharged, id);
  if (status == "requires_action" || status == "requires_confirmation") {
    // Nobody is there to authenticate: an order's payment is not interactive.
    return Answered(Outcome::kDeclined, id, "authentication_required");
  }
  if (status == "requires_payment_method") {
    const Value* error = intent.Find("last_payment_error");
    return Answered(Outcome::kDeclined, id,
                    Word(Text(error, "decline_code"), Word(Text(error, "code"), "card_declined")));
  }
  if (status == "canceled") return Answered(Outcome::kDeclined, id, "canceled");
  return Open(StripeVerdict::kOpen,
              "payment intent is " + Quote(status));  // processing, or something new
}

// Whether an invalid request is about what the customer gave us, so that asking again never helps.
bool IsAboutThePayment(const StripeError& error) {
  for (const std::string_view prefix :
       {"payment_method_", "payment_intent_", "card_", "amount_", "invalid_charge_amount",
        "expired_card", "token_", "parameter_invalid_integer"}) {
    if (error.code.compare(0, prefix.size(), prefix) == 0) return true;
  }
  return (error.code == "resource_missing" || error.code.empty()) &&
         (error.param == "payment_method" || error.param == "amount" || error.param == "currency");
}

StripeReading ReadRefusal(int status, const StripeError& error) {
  const std::string name =
      std::to_string(status) + " " + Word(error.type, "unknown_type") + " " + Word(error.code, "");
  if (status == 402 || error.type == "card_error") {
    return Answered(Outcome::kDeclined, error.payment_intent.substr(0, 255),
                    Word(error.decline_code, Word(error.code, "card_declined")));
  }
  if (error.type == "idempotency_error") return Open(StripeVerdict::kKeyMismatch, name);
  if (status == 409) return Open(StripeVerdict::kKeyBusy, name);
  if (status == 400 || status == 404) {
    if (IsAboutThePayment(error)) {
      return Answered(Outcome::kDeclined, "",
                      Word(error.code, "invalid_" + Word(error.param, "request")));
    }
  }
  StripeReading reading = Open(StripeVerdict::kOpen, name);
  reading.misconfigured = status >= 400 && status < 500 && status != 429;
  return reading;
}

std::optional<Value> ParseBody(const http::Response& response) {
  json::ParseResult parsed = json::Parse(response.body);
  if (!parsed.value.has_value() || !parsed.value->IsObject()) return std::nullopt;
  return *std::move(parsed.value);
}

absl::Status NotJson(const http::Response& response) {
  return absl::UnavailableError("Stripe: " + std::to_string(response.status) +
                                " and no JSON object");
}

}  // namespace

StripeReading ReadPaymentIntent(const http::Response& response) {
  if (response.status >= 500) {
    return Open(StripeVerdict::kOpen, std::to_string(response.status));
  }
  const std::optional<Value> body = ParseBody(response);
  if (!body.has_value()) {
    StripeReading reading;
    reading.why = NotJson(response);
    return reading;
  }
  if (response.status != 200) return ReadRefusal(response.status, ReadError(*body));
  StripeReading reading = ReadStatus(*body);
  const Value* metadata = body->Find("metadata");
  reading.is_closing = Text(metadata, "orderflow_closed") == "true";
  return reading;
}

absl::StatusOr<std::optional<GatewayAnswer>> ReadSearch(const http::Response& response) {
  const std::optional<Value> body = ParseBody(response);
  if (!body.has_value()) return NotJson(response);
  const Value* data = body->Find("data");
  if (response.status != 200 || data == nullptr || !data->IsArray()) {
    return absl::UnavailableError("Stripe: " + std::to_string(response.status) + " to a search");
  }
  for (const Value& intent : data->AsArray()) {
    if (Text(intent.Find("metadata"), "orderflow_closed") == "true") continue;
    StripeReading reading = ReadStatus(intent);
    if (reading.verdict != StripeVerdict::kAnswered) return reading.why;
    return std::move(reading.answer);
  }
  return std::nullopt;
}

absl::Status ReadRefund(const http::Response& response) {
  const std::optional<Value> body = ParseBody(response);
  if (!body.has_value()) return NotJson(response);
  if (response.status == 200) {
    const std::string status = Text(&*body, "status");
    if (status == "succeeded" || status == "pending") return absl::OkStatus();
    return absl::UnavailableError("Stripe: refund is " + Quote(status));
  }
  const StripeError error = ReadError(*body);
  if (error.code == "charge_already_refunded") return absl::OkStatus();
  return absl::UnavailableError("Stripe: " + std::to_string(response.status) + " " +
                                Word(error.code, "to a refund"));
}

}  // namespace orderflow::payment
