#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::http {

using WhenGone = std::function<void(absl::AnyInvocable<void() &&>)>;

// A request as it came, whole.
struct ServerRequest {
  std::string method;
  std::string target;  // "/", "/path?query"
  // In the order of arrival, names as they came.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Takes what to do, once, on any thread, where the client goes away before it is answered: at
  // once where it has gone already. Its end of the connection closed counts as gone. To be called
  // once at most.
  WhenGone when_gone;

  // The first header of this name, upper or lower case; nullptr if there is none.
  const std::string* Header(std::string_view name) const;
};

// What is answered. Content-Length and Connection are added.
struct ServerResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The PEM files of a server with TLS. New connections use what the files hold now; where that
// cannot be used, what they held before.
struct ServerTls {
  std::string certificate_file;  // the server's chain, its own certificate first; empty: no TLS
  std::string key_file;
  absl::Duration reload_interval = absl::Seconds(60);  // how often they are looked at
  // Told why a change of the files was not taken up. Called by the server's threads.
  std::function<void(const absl::Status&)> report;

  bool enabled() const { return !certificate_file.empty() || !key_file.empty(); }
};

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // IP:PORT; port 0 takes any (Server::port tells)
  ServerTls tls;
  int threads = 2;  // that read, write and call the handler
  size_t max_header_bytes = 16 << 10;
  size_t max_body_bytes = 4 << 20;
  // How long a connection may say nothing between two requests.
  absl::Duration idle_timeout = absl::Seconds(60);
  // How long a request may take to arrive from its first byte on, and an answer to be taken.
  absl::Duration transfer_timeout = absl::Seconds(30);
  // One more, and the connection that has been idle for longest is closed for it; where none is
  // idle, the new one. Each may cost a file descriptor of the process, and with TLS 75 KiB.
  size_t max_connections = 12'000;
  // How long a stopping server waits for answers that its handler owes.
  absl::Duration drain_timeout = absl::Seconds(5);
};

// Serves HTTP/1.1, with TLS 1.2 or later if wanted, over few threads however many connections there
// are: keeps connections open, bounds header, body, time and number, and refuses what is not HTTP.
//
// Thread-safe.
class Server {
 public:
  // Takes the answer, once, on any thread. Not calling it before its destruction answers 500.
  using Respond = absl::AnyInvocable<void(ServerResponse) &&>;

  // What requests are handed to. Called by several threads at a time; must not block.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void Handle(ServerRequest request, Respond respond) = 0;
    // Words the refusal of a request that never became one: 400 (not HTTP), 413, 431.
    virtual ServerResponse Refuse(int status, std::string_view why) = 0;
  };

  // Borrows the handler, which must outlive the server. INVALID_ARGUMENT: the address, or a file of
  // TLS. UNAVAILABLE: cannot listen there; the message says why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       Handler& handler);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  // Where it listens, with the port it got: "127.0.0.1:8083".
  const std::string& address() const;
  // Open ones, for tests.
  size_t connections() const;

  // Takes no new connections, closes those without a request, and every other one after its answer.
  void Drain();
  // Drains, waits for answers that are owed, and ends all connections. The handler is not called
  // any more when this returns.
  void Stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::http
