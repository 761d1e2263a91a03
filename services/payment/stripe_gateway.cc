#include "services/payment/stripe_gateway.h"

#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/logging/logging.h"

namespace orderflow::payment {
namespace {

// The version of the API that this file was written against; Stripe keeps answering in its terms.
constexpr char kApiVersion[] = "2024-06-20";

// Stripe keeps keys for at least 24 hours.
constexpr absl::Duration kKeysAreKept = absl::Hours(20);
// By then a search shows everything, also after an outage.
constexpr absl::Duration kSearchIsComplete = absl::Hours(2);

constexpr char kIntents[] = "/v1/payment_intents";

bool IsLocal(std::string_view url) {
  for (const std::string_view prefix : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (url.compare(0, prefix.size(), prefix) != 0) continue;
    const std::string_view rest = url.substr(prefix.size());
    return rest.empty() || rest.front() == ':' || rest.front() == '/';
  }
  return false;
}

absl::Status Validate(const StripeOptions& options) {
  if (options.secret_key.empty())
    return absl::InvalidArgumentError(
        "the Stripe gateway needs a secret key (see --stripe_secret_key)");
  for (const char c : options.secret_key) {
    if (c <= ' ' || c > '~') {
      return absl::InvalidArgumentError(
          "the Stripe secret key has a character that is not visible ASCII");
    }
  }
  const bool https = options.base_url.compare(0, 8, "https://") == 0 && options.base_url.size() > 8;
  if (!https && !IsLocal(options.base_url)) {
    return absl::InvalidArgumentError(
        "the Stripe URL must begin with https:// (or http:// and name this machine)");
  }
  if (options.timeout < absl::Milliseconds(1))
    return absl::InvalidArgumentError("the Stripe timeout must be positive");
  return absl::OkStatus();
}

void LogMisconfiguration(const StripeReading& reading) {
  if (!reading.misconfigured) return;
  logging::Error("Stripe refuses our requests: check the secret key and the account",
                 {{"error", std::string(reading.why.message())}});
}

// Whatever keeps us from reading an answer, the charge may have been made.
Callback<http::Response> OutcomeUnknown(Callback<http::Response> done) {
  return [done = std::move(done)](absl::StatusOr<http::Response> response) mutable {
    if (response.ok()) return std::move(done)(std::move(response));
    std::move(done)(absl::UnavailableError(response.status().message()));
  };
}

// An answer that Stripe keeps under the key.
bool IsReplayed(const http::Response& response) {
  return response.Header("Idempotent-Replayed") == "true";
}

// A final answer, or why there is none.
absl::StatusOr<GatewayAnswer> ToAnswer(const StripeReading& reading) {
  LogMisconfiguration(reading);
  if (reading.is_closing) return GatewayAnswer{.outcome = GatewayAnswer::Outcome::kNotCharged};
  if (reading.verdict != StripeVerdict::kAnswered) return reading.why;
  return reading.answer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StripeGateway>> StripeGateway::Create(StripeOptions options,
                                                                     const Clock& clock) {
  while (!options.base_url.empty() && options.base_url.back() == '/') options.base_url.pop_back();
  if (absl::Status status = Validate(options); !status.ok()) return status;
  return std::unique_ptr<StripeGateway>(new StripeGateway(std::move(options), clock));
}

StripeGateway::StripeGateway(StripeOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      http_({.timeout = options_.timeout, .ca_file = options_.ca_file}) {}

void StripeGateway::Post(const std::string& path, const std::string& key, const Form& form,
                         Callback<http::Response> done) {
  http::Request request;
  request.url = options_.base_url + path;
  request.headers = {"Authorization: Bearer " + options_.secret_key, "Idempotency-Key: " + key,
                     std::string("Stripe-Version: ") + kApiVersion,
                     "Content-Type: application/x-www-form-urlencoded"};
  for (const auto& [name, value] : form) {
    if (!request.body.empty()) request.body += '&';
    request.body += http::UrlEncode(name) + "=" + http::UrlEncode(value);
  }
  http_.Send(std::move(request), OutcomeUnknown(std::move(done)));
}

void StripeGateway::Search(const std::string& key, Callback<http::Response> done) {
  http::Request request;
  request.method = "GET";
  request.url =
      options_.base_url + kIntents + "/search?limit=10&query=" +
      http::UrlEncode("metadata['orderflow_key']:'" + key + "'");  // our keys have no quotes
  request.headers = {"Authorization: Bearer " + options_.secret_key,
                     std::string("Stripe-Version: ") + kApiVersion};
  http_.Send(std::move(request), OutcomeUnknown(std::move(done)));
}

bool StripeGateway::IsOlderThan(const GatewayCharge& charge, absl::Duration age) const {
  return clock_.Now() - charge.first_asked > age;
}

void StripeGateway::Charge(const GatewayCharge& charge, Callback<GatewayAnswer> done) {
  if (charge.payment_token.empty()) {
    // Stripe has no default for somebody it does not know.
    return std::move(done)(GatewayAnswer{.outcome = GatewayAnswer::Outcome::kDeclined,
                                         .reference = "",
                                         .decline_reason = "payment_method_missing"});
  }
  if (IsOlderThan(charge, kKeysAreKept))
    return LookFirst(charge, std::move(done), &StripeGateway::AskForCharge);
  AskForCharge(charge, std::move(done));
}

namespace {

// The same for every try of a charge, down to the order of the fields.
std::vector<std::pair<std::string, std::string>> ChargeForm(const GatewayCharge& charge) {
  return {{"amount", std::to_string(charge.amount_minor)},
          {"currency", absl::AsciiStrToLower(charge.currency)},
          {"payment_method", charge.payment_token},
          {"confirm", "true"},
          {"error_on_requires_action", "true"},
          {"automatic_payment_methods[enabled]", "true"},
          {"automatic_payment_methods[allow_redirects]", "never"},
          {"metadata[order_id]", charge.order_id},
          {"metadata[orderflow_key]", charge.key}};
}

// Takes no money: a payment intent that is not confirmed and has nothing to take it from.
std::vector<std::pair<std::string, std::string>> CloseForm(const GatewayCharge& charge) {
  return {{"amount", std::to_string(charge.amount_minor)},
          {"currency", absl::AsciiStrToLower(charge.currency)},
          {"metadata[order_id]", charge.order_id},
          {"metadata[orderflow_closed]", "true"}};
}

}  // namespace

void StripeGateway::AskForCharge(const GatewayCharge& charge, Callback<GatewayAnswer> done) {
  Post(kIntents, charge.key, ChargeForm(charge), [done = std::move(done)](auto response) mutable {
    if (!response.ok()) return std::move(done)(std::move(response).status());
    std::move(done)(ToAnswer(ReadPaymentIntent(*response)));
  });
}

void StripeGateway::Close(const GatewayCharge& charge, Callback<GatewayAnswer> done) {
  if (IsOlderThan(charge, kKeysAreKept))
    return LookFirst(charge, std::move(done), &StripeGateway::AskToClose);
  AskToClose(charge, std::move(done));
}

void StripeGateway::AskToClose(const GatewayCharge& charge, Callback<GatewayAnswer> done) {
  Post(kIntents, charge.key, CloseForm(charge),
       [this, charge, done = std::move(done)](auto response) mutable {
         OnAskedToClose(std::move(charge), std::move(response), std::move(done));
       });
}

void StripeGateway::OnAskedToClose(GatewayCharge charge, absl::StatusOr<http::Response> response,
                                   Callback<GatewayAnswer> done) {
  if (!response.ok()) return std::move(done)(std::move(response).status());
  const StripeReading reading = ReadPaymentIntent(*response);
  if (reading.verdict == StripeVerdict::kKeyMismatch) {
    // The charge has used the key: asking for it again finds out what became of it.
    return Post(kIntents, charge.key, ChargeForm(charge),
                [this, charge, done = std::move(done)](auto again) mutable {
                  OnReplayed(std::move(charge), std::move(again), std::move(done));
                });
  }
  if (reading.is_closing) return Cancel(charge, reading.answer.reference, std::move(done));
  std::move(done)(ToAnswer(reading));
}

void StripeGateway::Cancel(const GatewayCharge& charge, std::string intent,
                           Callback<GatewayAnswer> done) {
  // Tidies up only: the intent takes no money whether or not this succeeds.
  Post(std::string(kIntents) + "/" + http::UrlEncode(intent) + "/cancel", charge.key + ":cancel",
       {}, [done = std::move(done)](auto) mutable {
         std::move(done)(GatewayAnswer{.outcome = GatewayAnswer::Outcome::kNotCharged});
       });
}

void StripeGateway::OnReplayed(GatewayCharge charge, absl::StatusOr<http::Response> response,
                               Callback<GatewayAnswer> done) {
  if (!response.ok()) return std::move(done)(std::move(response).status());
  // An error that Stripe keeps under the key stays what it is, however often we ask.
  if (response->status >= 500 && IsReplayed(*response))
    return Look(std::move(charge), std::move(done));
  std::move(done)(ToAnswer(ReadPaymentIntent(*response)));
}

void StripeGateway::Look(GatewayCharge charge, Callback<GatewayAnswer> done) {
  const bool believe_empty = IsOlderThan(charge, kSearchIsComplete);
  Search(charge.key, [believe_empty, done = std::move(done)](auto response) mutable {
    if (!response.ok()) return std::move(done)(std::move(response).status());
    auto found = ReadSearch(*response);
    if (!found.ok()) return std::move(done)(std::move(found).status());
    if (found->has_value()) return std::move(done)(**std::move(found));
    if (believe_empty)
      return std::move(done)(GatewayAnswer{.outcome = GatewayAnswer::Outcome::kNotCharged});
    std::move(done)(absl::UnavailableError("Stripe failed and does not show the charge yet"));
  });
}

void StripeGateway::LookFirst(GatewayCharge charge, Callback<GatewayAnswer> done,
                              void (StripeGateway::*otherwise)(const GatewayCharge&,
                                                               Callback<GatewayAnswer>)) {
  const std::string key = charge.key;
  Search(key, [this, charge = std::move(charge), otherwise,
               done = std::move(done)](auto response) mutable {
    if (!response.ok()) return std::move(done)(std::move(response).status());
    auto found = ReadSearch(*response);
    if (!found.ok()) return std::move(done)(std::move(found).status());
    if (found->has_value()) return std::move(done)(**std::move(found));
    (this->*otherwise)(charge, std::move(done));
  });
}

void StripeGateway::Refund(const GatewayRefund& refund, StatusCallback done) {
  Post("/v1/refunds", refund.key, {{"payment_intent", refund.charge_reference}},
       [done = std::move(done)](auto response) mutable {
         if (!response.ok()) return std::move(done)(std::move(response).status());
         std::move(done)(ReadRefund(*response));
       });
}

}  // namespace orderflow::payment
