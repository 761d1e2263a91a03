#pragma once

// A server's certificate and key, followed as their files change. Private to this folder.

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "common/http/server.h"

namespace orderflow::http {

// One thread at a time.
class TlsFiles {
 public:
  // INVALID_ARGUMENT: a file that is missing or of no use now; the message names it.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(const ServerTls& options);

  // What a new connection is to use. Looks at the files once per interval.
  std::shared_ptr<boost::asio::ssl::context> Current();

 private:
  using Clock = std::chrono::steady_clock;
  // What tells one content of the files from the next without reading them.
  using Stamp = std::pair<int64_t, int64_t>;

  explicit TlsFiles(const ServerTls& options) : options_(options) {}
  absl::Status Load();
  Stamp Look() const;

  const ServerTls options_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  Stamp loaded_;
  Clock::time_point next_look_;
};

}  // namespace orderflow::http
