#pragma once

// One connection of a Server. Private to this folder.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/http/server.h"
#include "common/http/server_stream.h"

namespace orderflow::http {

class Connection;

// All connections of a server, and those among them that wait for a request, longest first.
// Thread-safe. Never calls a connection under its lock.
class ConnectionSet {
 public:
  explicit ConnectionSet(size_t max) : max_(max) {}

  // False where there is no room. `displaced` is to be closed then or now, if set.
  bool Add(std::shared_ptr<Connection> connection, std::shared_ptr<Connection>& displaced);
  void Remove(const std::shared_ptr<Connection>& connection);
  void SetIdle(const std::shared_ptr<Connection>& connection, bool idle);
  // An answer is owed, or no longer.
  void CountOwed(int change);

  size_t size() const;
  std::vector<std::shared_ptr<Connection>> All() const;
  // Those that wait for a request.
  std::vector<std::shared_ptr<Connection>> Idle() const;
  void WaitUntilNothingOwed(absl::Duration timeout);

 private:
  using List = std::list<std::shared_ptr<Connection>>;
  struct Place {
    List* list;  // busy_ or idle_
    List::iterator at;
  };

  const size_t max_;
  mutable Mutex mutex_;
  CondVar nothing_owed_;
  List busy_ ABSL_GUARDED_BY(mutex_);
  List idle_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<const Connection*, Place> places_ ABSL_GUARDED_BY(mutex_);
  int owed_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What the connections of a server share.
struct ConnectionContext {
  ConnectionContext(const ServerOptions& server_options, Server::Handler& request_handler)
      : options(server_options), handler(request_handler), set(server_options.max_connections) {}

  const ServerOptions options;
  Server::Handler& handler;
  ConnectionSet set;
  std::atomic<bool> draining{false};
  std::atomic<bool> stopped{false};
  boost::asio::io_context io;
};

// Reads a request, has it handled, writes the answer, and again. All members but the public ones
// run on the socket's strand.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The context owns the connection through its set, and outlives it.
  Connection(ServerStream stream, std::shared_ptr<ConnectionContext> context);

  void Start();
  // Ends it now, whatever it is doing.
  void Cut();
  // Ends it if it waits for a request.
  void CutIfIdle();
  // Takes the handler's answer.
  void Answer(ServerResponse response);
  // Calls back if the client goes away before it is answered.
  void WatchClient(absl::AnyInvocable<void() &&> gone);

 private:
  using Error = boost::system::error_code;

  void Handshake();
  void AwaitRequest();
  void OnFirstBytes(const Error& error, size_t bytes);
  void ReadHeader();
  void OnHeader(const Error& error);
  void ReadBody();
  void OnBody(const Error& error);
  void OnReadError(const Error& error);
  void AwaitClient();
  void OnClientHeard(const Error& error);
  void ReadAhead();
  void OnReadAhead(const Error& error, size_t bytes);
  void Refuse(int status, std::string_view why);
  void Write(ServerResponse answer, bool keep_alive);
  void OnWritten(const Error& error);
  void Settle();
  // Gives the client the time to read an answer that it did not wait for.
  void Linger();
  void OnLingered(const Error& error);
  void Close();

  const std::shared_ptr<ConnectionContext> context_;
  ServerStream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_;
  absl::AnyInvocable<void() &&> gone_;  // set while the client is watched
  bool idle_ = false;                   // waits for a request
  bool keep_alive_ = true;
  bool reads_ahead_ = false;  // while an answer is owed
  bool owed_ = false;         // an answer
  bool closed_ = false;
};

}  // namespace orderflow::http
