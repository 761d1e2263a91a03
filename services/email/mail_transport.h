#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace orderflow::email {

// A mail ready to go.
struct Mail {
  std::string order_id;  // names the file in a maildir; for messages elsewhere
  std::string sender;    // the envelope's addresses
  std::string recipient;
  std::string content;  // RFC 5322, CRLF
};

// What became of one try to deliver.
struct DeliveryResult {
  enum class Outcome {
    kSent,         // the other side has it and keeps it
    kRefused,      // the other side will never take this mail
    kTryLater,     // it did not take this mail now
    kUnreachable,  // it takes no mail at all now: down, disk full, or refusing us; the others need
                   // not be tried yet
  };
  Outcome outcome = Outcome::kTryLater;
  std::string detail;  // one line for an operator unless kSent; no e-mail address in it, no secret
};

using DeliveryCallback = absl::AnyInvocable<void(DeliveryResult) &&>;

// The way out for mails.
//
// Thread-safe.
class MailTransport {
 public:
  virtual ~MailTransport() = default;
  // Delivers a mail, and calls `done` once, on a thread of the transport (or of whoever calls
  // Shutdown); from within this call only after Shutdown, and then with kTryLater. `done` must not
  // block.
  virtual void Deliver(Mail mail, DeliveryCallback done) = 0;
  // Takes no more mails, ends what is under way within a bounded time and returns when every `done`
  // was called. The destructor does the same.
  virtual void Shutdown() = 0;
  // `done` is called at most so long after Deliver.
  virtual absl::Duration max_delivery_time() const = 0;
  // Whether a mail that is delivered twice is still one mail to whoever reads it.
  virtual bool repeat_is_harmless() const = 0;
  // "maildir" or "smtp", for logs.
  virtual std::string name() const = 0;
};

}  // namespace orderflow::email
