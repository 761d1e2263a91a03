#pragma once

// For tests: an HTTP server on this machine that behaves as Stripe's API does where the gateway
// depends on it.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/http/test_server.h"

namespace orderflow::payment {

// Knows payment intents (create, cancel, search), refunds and idempotency keys: a known key with
// the same parameters gets the first answer again, marked as replayed; with others an
// idempotency_error; requests that fail validation leave no trace. The payment method decides what
// becomes of a charge:
//
//   pm_card_visa                                succeeded
//   pm_card_chargeDeclined                      402, card_declined, generic_decline
//   pm_card_chargeDeclinedInsufficientFunds     402, card_declined, insufficient_funds
//   pm_card_authenticationRequired              402, authentication_required
//   pm_action, pm_processing, pm_empty          200 in another status than succeeded
//   anything else                               400, resource_missing
//
// Thread-safe.
class FakeStripe {
 public:
  // What goes wrong with a request.
  enum class Fault {
    kSilence,       // it is read, and nothing happens
    kCutBefore,     // the connection is cut before anything is done
    kCutAfter,      // it is carried out, then the connection is cut
    kError,         // 500, nothing is done or kept
    kErrorKept,     // it is carried out, but a 500 is answered and kept under the key
    kNoJson,        // it is carried out, and something else than JSON is answered
    kHuge,          // it is carried out, and an answer of 8 MiB begins
    kRateLimit,     // 429
    kUnauthorized,  // 401
    kForbidden,     // 403
    kKeyBusy,       // 409
    kBadRequest,    // 400 that is our own mistake
  };
  struct Request {
    std::string method;
    std::string target;
    std::string key;
    std::string authorization;
    std::map<std::string, std::string> form;
  };

  FakeStripe();

  std::string url() const;
  // The next requests meet these faults, one each, in this order.
  void FailNext(std::vector<Fault> faults);
  // As after a day.
  void ForgetKeys();
  // A search finds nothing, as on a bad day.
  void HideFromSearch();

  int charges() const;  // payment intents that took money
  int refunds() const;
  int intents() const;
  std::vector<Request> requests() const;

 private:
  struct Intent {
    std::string id;
    std::string status;
    std::map<std::string, std::string> form;
  };
  using Answer = http::TestServer::Answer;
  struct Kept {
    std::string fingerprint;
    Answer answer;
  };

  Answer Handle(const http::TestServer::Request& request);
  Answer Faulty(Fault fault, const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Answer CarryOut(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Answer Act(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Answer CreateIntent(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Answer CancelIntent(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Answer CreateRefund(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Answer Search(const std::string& query) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::deque<Fault> faults_ ABSL_GUARDED_BY(mutex_);
  std::vector<Intent> intents_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> refunds_ ABSL_GUARDED_BY(mutex_);  // by payment intent
  std::map<std::string, Kept> kept_ ABSL_GUARDED_BY(mutex_);            // by key
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  bool hidden_ ABSL_GUARDED_BY(mutex_) = false;
  // Last, so that it ends first: its threads use the rest.
  std::unique_ptr<http::TestServer> server_;
};

}  // namespace orderflow::payment
