#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/http/client.h"
#include "orchestrator/tasks/http_connection.h"

namespace orderflow::tasks {

// The access token of one OAuth connection (client credentials flow): asked for when somebody needs
// it, kept until shortly before it ends, and asked for once however many wait for it.
//
// Thread-safe. Borrows all that it is made with; must live until the client's callbacks are over.
class HttpToken {
 public:
  HttpToken(const HttpConnection& connection, http::Client& client, const Clock& clock)
      : connection_(connection), client_(client), clock_(clock) {}

  // Hands the token over, at once where it is known. UNAVAILABLE: the authorization endpoint cannot
  // be reached in time; PERMISSION_DENIED: it gives none. Messages have no secrets in them.
  void Get(Callback<std::string> done);

  // The token was refused: the next Get asks for another one, unless that has happened already.
  void Forget(const std::string& token);

 private:
  http::Request MakeRequest() const;
  void OnAnswer(absl::StatusOr<http::Response> response);
  absl::StatusOr<std::string> ReadToken(const absl::StatusOr<http::Response>& response,
                                        absl::Time& ends) const;

  const HttpConnection& connection_;
  http::Client& client_;
  const Clock& clock_;

  Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);  // empty: none
  absl::Time ends_ ABSL_GUARDED_BY(mutex_);
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Callback<std::string>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::tasks
