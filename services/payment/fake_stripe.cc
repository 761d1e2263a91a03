#include "services/payment/fake_stripe.h"

#include <utility>

#include "common/json/value.h"

namespace orderflow::payment {
namespace {

using json::Value;

std::string UrlDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::map<std::string, std::string> ParseForm(std::string_view body) {
  std::map<std::string, std::string> form;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    const size_t equals = pair.find('=');
    form[UrlDecode(pair.substr(0, equals))] = UrlDecode(pair.substr(equals + 1));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
  }
  return form;
}

std::string Fingerprint(const FakeStripe::Request& request) {
  std::string text = request.target;
  for (const auto& [name, value] : request.form) text += "\n" + name + "=" + value;
  return text;
}

Value Error(const char* type, const char* code, const char* decline_code = nullptr,
            const char* param = nullptr) {
  Value error = Value::Object({{"type", type}});
  if (code != nullptr) error = error.With("code", code);
  if (decline_code != nullptr) error = error.With("decline_code", decline_code);
  if (param != nullptr) error = error.With("param", param);
  return Value::Object({{"error", error}});
}

}  // namespace

FakeStripe::FakeStripe()
    : server_(std::make_unique<http::TestServer>(
          [this](const http::TestServer::Request& request) { return Handle(request); })) {}

std::string FakeStripe::url() const { return server_->url(); }

void FakeStripe::FailNext(std::vector<Fault> faults) {
  MutexLock lock(mutex_);
  faults_.assign(faults.begin(), faults.end());
}

void FakeStripe::ForgetKeys() {
  MutexLock lock(mutex_);
  kept_.clear();
}

void FakeStripe::HideFromSearch() {
  MutexLock lock(mutex_);
  hidden_ = true;
}

int FakeStripe::charges() const {
  MutexLock lock(mutex_);
  int count = 0;
  for (const Intent& intent : intents_) count += intent.status == "succeeded";
  return count;
}

int FakeStripe::refunds() const {
  MutexLock lock(mutex_);
  return static_cast<int>(refunds_.size());
}

int FakeStripe::intents() const {
  MutexLock lock(mutex_);
  return static_cast<int>(intents_.size());
}

std::vector<FakeStripe::Request> FakeStripe::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

FakeStripe::Answer FakeStripe::Handle(const http::TestServer::Request& received) {
  const Request request{.method = received.method,
                        .target = received.target,
                        .key = received.Header("idempotency-key"),
                        .authorization = received.Header("authorization"),
                        .form = ParseForm(received.body)};
  MutexLock lock(mutex_);
  requests_.push_back(request);
  if (faults_.empty()) return CarryOut(request);
  const Fault fault = faults_.front();
  faults_.pop_front();
  return Faulty(fault, request);
}

FakeStripe::Answer FakeStripe::Faulty(Fault fault, const Request& request) {
  Answer answer;
  switch (fault) {
    case Fault::kSilence:
      answer.delivery = Answer::Delivery::kSilent;
      return answer;
    case Fault::kCutBefore:
      answer.delivery = Answer::Delivery::kCut;
      return answer;
    case Fault::kCutAfter:
      CarryOut(request);
      answer.delivery = Answer::Delivery::kCut;
      return answer;
    case Fault::kError:
      return {.status = 500, .body = json::Serialize(Error("api_error", nullptr))};
    case Fault::kErrorKept:
      CarryOut(request);
      answer = {.status = 500, .body = json::Serialize(Error("api_error", nullptr))};
      kept_[request.key].answer = answer;
      return answer;
    case Fault::kNoJson:
      CarryOut(request);
      answer.body = "<html>{\"id\": \"pi_0\"";
      return answer;
    case Fault::kHuge:
      CarryOut(request);
      answer.body = std::string(8 << 20, ' ');
      return answer;
    case Fault::kRateLimit:
      return {.status = 429, .body = json::Serialize(Error("invalid_request_error", "rate_limit"))};
    case Fault::kUnauthorized:
      return {.status = 401, .body = json::Serialize(Error("invalid_request_error", nullptr))};
    case Fault::kForbidden:
      return {.status = 403,
              .body = json::Serialize(Error("invalid_request_error", "account_invalid"))};
    case Fault::kKeyBusy:
      return {.status = 409,
              .body = json::Serialize(Error("idempotency_error", "idempotency_key_in_use"))};
    case Fault::kBadRequest:
      return {.status = 400,
              .body = json::Serialize(Error("invalid_request_error", "parameter_unknown"))};
  }
  return answer;
}

FakeStripe::Answer FakeStripe::CarryOut(const Request& request) {
  if (request.method == "GET") return Act(request);
  const auto known = kept_.find(request.key);
  if (known != kept_.end()) {
    if (known->second.fingerprint != Fingerprint(request)) {
      return {.status = 400, .body = json::Serialize(Error("idempotency_error", nullptr))};
    }
    Answer answer = known->second.answer;
    answer.headers.emplace_back("Idempotent-Replayed", "true");
    return answer;
  }
  Answer answer = Act(request);
  if (answer.status != 400)
    kept_[request.key] = {.fingerprint = Fingerprint(request), .answer = answer};
  return answer;
}

FakeStripe::Answer FakeStripe::Act(const Request& request) {
  const std::string intents = "/v1/payment_intents";
  const std::string search = intents + "/search?limit=10&query=";
  const std::string& target = request.target;
  if (request.method == "GET" && target.compare(0, search.size(), search) == 0) {
    return Search(UrlDecode(target.substr(search.size())));
  }
  if (target == intents) return CreateIntent(request);
  if (target == "/v1/refunds") return CreateRefund(request);
  if (target.compare(0, intents.size() + 1, intents + "/") == 0) {
    return CancelIntent(target.substr(intents.size() + 1, target.rfind('/') - intents.size() - 1));
  }
  return {.status = 404, .body = json::Serialize(Error("invalid_request_error", nullptr))};
}

namespace {

Value ToJson(const std::string& id, const std::string& status,
             const std::map<std::string, std::string>& form) {
  Value metadata = Value::Object({});
  for (const auto& [name, value] : form) {
    if (name.compare(0, 9, "metadata[") == 0)
      metadata = metadata.With(name.substr(9, name.size() - 10), value);
  }
  return Value::Object({{"id", id},
                        {"object", "payment_intent"},
                        {"status", status},
                        {"metadata", metadata},
                        {"last_payment_error", nullptr}});
}

}  // namespace

FakeStripe::Answer FakeStripe::CreateIntent(const Request& request) {
  const std::string id = "pi_" + std::to_string(intents_.size() + 1);
  const auto field = [&](const char* name) {
    const auto found = request.form.find(name);
    return found == request.form.end() ? std::string() : found->second;
  };
  const std::string method = field("payment_method");
  std::string status = "requires_payment_method";
  Value error;
  if (field("confirm") == "true") {
    if (method == "pm_card_visa") {
      status = "succeeded";
    } else if (method == "pm_card_chargeDeclined") {
      error = Error("card_error", "card_declined", "generic_decline");
    } else if (method == "pm_card_chargeDeclinedInsufficientFunds") {
      error = Error("card_error", "card_declined", "insufficient_funds");
    } else if (method == "pm_card_authenticationRequired") {
      error = Error("card_error", "authentication_required");
    } else if (method == "pm_action") {
      status = "requires_action";
    } else if (method == "pm_processing") {
      status = "processing";
    } else if (method != "pm_empty") {
      return {.status = 400,
              .body = json::Serialize(
                  Error("invalid_request_error", "resource_missing", nullptr, "payment_method"))};
    }
  }
  intents_.push_back({.id = id, .status = status, .form = request.form});
  if (error.IsNull()) return {.body = json::Serialize(ToJson(id, status, request.form))};
  const Value with_intent =
      error.Find("error")->With("payment_intent", ToJson(id, status, request.form));
  return {.status = 402, .body = json::Serialize(Value::Object({{"error", with_intent}}))};
}

FakeStripe::Answer FakeStripe::CancelIntent(const std::string& id) {
  for (Intent& intent : intents_) {
    if (intent.id != id) continue;
    intent.status = "canceled";
    return {.body = json::Serialize(ToJson(id, intent.status, intent.form))};
  }
  return {.status = 404,
          .body = json::Serialize(Error("invalid_request_error", "resource_missing"))};
}

FakeStripe::Answer FakeStripe::CreateRefund(const Request& request) {
  const std::string& id = request.form.at("payment_intent");
  for (const Intent& intent : intents_) {
    if (intent.id != id || intent.status != "succeeded") continue;
    if (!refunds_.try_emplace(id, request.key).second) {
      return {.status = 400,
              .body = json::Serialize(Error("invalid_request_error", "charge_already_refunded"))};
    }
    return {.body = json::Serialize(Value::Object({{"id", "re_" + id}, {"status", "succeeded"}}))};
  }
  return {.status = 400,
          .body = json::Serialize(Error("invalid_request_error", "resource_missing"))};
}

FakeStripe::Answer FakeStripe::Search(const std::string& query) {
  json::Array found;
  for (const Intent& intent : intents_) {
    const auto key = intent.form.find("metadata[orderflow_key]");
    if (hidden_ || key == intent.form.end() ||
        query != "metadata['orderflow_key']:'" + key->second + "'")
      continue;
    found.push_back(ToJson(intent.id, intent.status, intent.form));
  }
  return {.body = json::Serialize(
              Value::Object({{"object", "search_result"}, {"data", Value::FromArray(found)}}))};
}

}  // namespace orderflow::payment
