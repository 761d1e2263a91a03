#include "common/http/server_connection.h"

#include <sys/socket.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace orderflow::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using BeastRequest = beast::http::request<beast::http::string_body>;

// What an idle connection keeps ready for the first bytes of a request.
constexpr size_t kFirstRead = 512;
constexpr absl::Duration kLinger = absl::Seconds(2);

std::chrono::nanoseconds Chrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

ServerRequest FromBeast(BeastRequest received) {
  ServerRequest request;
  request.method = std::string(received.method_string());
  request.target = std::string(received.target());
  for (const auto& field : received) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(received.body());
  return request;
}

// Carries a connection's answer, and sees to it that there is one.
class Answerer {
 public:
  explicit Answerer(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Answerer(Answerer&& other) noexcept : connection_(std::move(other.connection_)) {}
  Answerer& operator=(Answerer&&) = delete;
  ~Answerer() { Answer({.status = 500, .headers = {}, .body = ""}); }

  void Answer(ServerResponse response) {
    if (const auto connection = connection_.lock()) connection->Answer(std::move(response));
    connection_.reset();
  }

 private:
  std::weak_ptr<Connection> connection_;
};

}  // namespace

bool ConnectionSet::Add(std::shared_ptr<Connection> connection,
                        std::shared_ptr<Connection>& displaced) {
  MutexLock lock(mutex_);
  if (places_.size() >= max_) {
    if (idle_.empty()) return false;
    displaced = idle_.front();
    places_.erase(displaced.get());
    idle_.pop_front();
  }
  const Connection* key = connection.get();
  busy_.push_back(std::move(connection));
  places_[key] = {&busy_, std::prev(busy_.end())};
  return true;
}

void ConnectionSet::Remove(const std::shared_ptr<Connection>& connection) {
  MutexLock lock(mutex_);
  const auto found = places_.find(connection.get());
  if (found == places_.end()) return;
  found->second.list->erase(found->second.at);
  places_.erase(found);
}

void ConnectionSet::SetIdle(const std::shared_ptr<Connection>& connection, bool idle) {
  MutexLock lock(mutex_);
  const auto found = places_.find(connection.get());
  if (found == places_.end()) return;
  List& to = idle ? idle_ : busy_;
  to.splice(to.end(), *found->second.list, found->second.at);
  found->second.list = &to;
}

void ConnectionSet::CountOwed(int change) {
  MutexLock lock(mutex_);
  owed_ += change;
  if (owed_ == 0) nothing_owed_.NotifyAll();
}

size_t ConnectionSet::size() const {
  MutexLock lock(mutex_);
  return places_.size();
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::All() const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> all(busy_.begin(), busy_.end());
  all.insert(all.end(), idle_.begin(), idle_.end());
  return all;
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::Idle() const {
  MutexLock lock(mutex_);
  return {idle_.begin(), idle_.end()};
}

void ConnectionSet::WaitUntilNothingOwed(absl::Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + Chrono(timeout);
  MutexLock lock(mutex_);
  while (owed_ > 0) {
    if (!nothing_owed_.WaitUntil(mutex_, deadline)) return;
  }
}

Connection::Connection(ServerStream stream, std::shared_ptr<ConnectionContext> context)
    : context_(std::move(context)), stream_(std::move(stream)) {}

void Connection::Start() {
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->Handshake(); });
}

void Connection::Cut() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->Close(); });
}

void Connection::CutIfIdle() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) self->Close();
  });
}

void Connection::Handshake() {
  // Which closes where a drain has begun: nobody waits for a handshake then.
  if (!stream_.has_tls() || context_->draining) return AwaitRequest();
  stream_.tcp().expires_after(Chrono(context_->options.transfer_timeout));
  stream_.AsyncHandshake([self = shared_from_this()](const Error& error) {
    if (error || self->closed_) return self->Close();
    self->AwaitRequest();
  });
}

void Connection::AwaitRequest() {
  if (context_->draining) return Close();
  parser_.reset();
  response_.reset();
  // A client may send the next request before it has read the answer to the last one.
  if (buffer_.size() > 0) return ReadHeader();
  idle_ = true;
  context_->set.SetIdle(shared_from_this(), true);
  // A drain that began just now has asked for the idle ones before this was one.
  if (context_->draining) return Close();
  stream_.tcp().expires_after(Chrono(context_->options.idle_timeout));
  stream_.async_read_some(buffer_.prepare(kFirstRead),
                          beast::bind_front_handler(&Connection::OnFirstBytes, shared_from_this()));
}

void Connection::OnFirstBytes(const Error& error, size_t bytes) {
  idle_ = false;
  context_->set.SetIdle(shared_from_this(), false);
  if (error || closed_) return Close();
  buffer_.commit(bytes);
  ReadHeader();
}

void Connection::ReadHeader() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(context_->options.max_header_bytes));
  parser_->body_limit(context_->options.max_body_bytes);
  stream_.tcp().expires_after(Chrono(context_->options.transfer_timeout));
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, size_t) { self->OnHeader(error); });
}

void Connection::OnHeader(const Error& error) {
  if (error) return OnReadError(error);
  const auto expect = parser_->get()[beast::http::field::expect];
  if (!absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()), "100-continue")) {
    return ReadBody();
  }
  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(kContinue, sizeof(kContinue) - 1),
                    [self = shared_from_this()](const Error& written, size_t) {
                      if (written) return self->Close();
                      self->ReadBody();
                    });
}

void Connection::ReadBody() {
  beast::http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, size_t) { self->OnBody(error); });
}

void Connection::OnBody(const Error& error) {
  if (error) return OnReadError(error);
  if (closed_) return;
  if (context_->stopped) return Close();
  stream_.tcp().expires_never();
  // An answer to HEAD would have to do without its body; nobody here has use for such requests.
  keep_alive_ = parser_->keep_alive() && parser_->get().method() != beast::http::verb::head;
  owed_ = true;
  context_->set.CountOwed(1);
  auto answerer = std::make_unique<Answerer>(weak_from_this());
  ServerRequest request = FromBeast(parser_->release());
  request.when_gone = [watched = weak_from_this()](absl::AnyInvocable<void() &&> gone) {
    if (const auto connection = watched.lock()) return connection->WatchClient(std::move(gone));
    std::move(gone)();
  };
  context_->handler.Handle(std::move(request),
                           [answerer = std::move(answerer)](ServerResponse response) mutable {
                             answerer->Answer(std::move(response));
                           });
}

void Connection::WatchClient(absl::AnyInvocable<void() &&> gone) {
  asio::post(stream_.get_executor(), [self = shared_from_this(), gone = std::move(gone)]() mutable {
    if (self->closed_) return std::move(gone)();
    if (!self->owed_ || self->response_) return;  // it was answered
    self->gone_ = std::move(gone);
    self->AwaitClient();
  });
}

void Connection::AwaitClient() {
  stream_.tcp().socket().async_wait(
      asio::ip::tcp::socket::wait_read,
      [self = shared_from_this()](const Error& error) { self->OnClientHeard(error); });
}

// What it has sent stays where it is: it belongs to its next request.
void Connection::OnClientHeard(const Error& error) {
  if (error || closed_ || !gone_) return;
  // Under TLS, bytes may be its goodbye.
  if (stream_.has_tls()) return ReadAhead();
  char byte;
  const ssize_t bytes =
      ::recv(stream_.tcp().socket().native_handle(), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
  // It is there, and will not be looked at before it is answered.
  if (bytes > 0) return;
  if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return AwaitClient();
  }
  Close();
}

void Connection::ReadAhead() {
  reads_ahead_ = true;
  stream_.async_read_some(buffer_.prepare(kFirstRead),
                          beast::bind_front_handler(&Connection::OnReadAhead, shared_from_this()));
}

void Connection::OnReadAhead(const Error& error, size_t bytes) {
  reads_ahead_ = false;
  const bool given_up = error == asio::error::operation_aborted;  // by OnWritten
  if ((error && !given_up) || closed_) return Close();
  buffer_.commit(bytes);
  if (!owed_) AwaitRequest();
}

void Connection::OnReadError(const Error& error) {
  if (error == beast::http::error::body_limit) {
    return Refuse(413, absl::StrCat("the request's body has more than ",
                                    context_->options.max_body_bytes, " bytes"));
  }
  if (error == beast::http::error::header_limit) {
    return Refuse(431, absl::StrCat("the request's headers have more than ",
                                    context_->options.max_header_bytes, " bytes"));
  }
  const bool malformed =
      error.category() == beast::http::make_error_code(beast::http::error::bad_method).category();
  if (!malformed || error == beast::http::error::end_of_stream ||
      error == beast::http::error::partial_message) {
    return Close();  // the client has gone, or was too slow
  }
  Refuse(400, absl::StrCat("this is no HTTP request: ", error.message()));
}

void Connection::Refuse(int status, std::string_view why) {
  if (closed_) return;
  Write(context_->handler.Refuse(status, why), /*keep_alive=*/false);
}

void Connection::Answer(ServerResponse response) {
  if (context_->stopped) return;
  asio::post(stream_.get_executor(),
             [self = shared_from_this(), response = std::move(response)]() mutable {
               self->Write(std::move(response), self->keep_alive_);
             });
}

void Connection::Write(ServerResponse answer, bool keep_alive) {
  if (closed_) return;
  keep_alive_ = keep_alive && !context_->draining;
  if (gone_) {
    gone_ = nullptr;
    Error ignored;
    if (!reads_ahead_) stream_.tcp().socket().cancel(ignored);
  }
  response_.emplace(static_cast<beast::http::status>(answer.status), 11u);
  for (const auto& [name, value] : answer.headers) response_->set(name, value);
  response_->keep_alive(keep_alive_);
  response_->body() = std::move(answer.body);
  response_->prepare_payload();
  stream_.tcp().expires_after(Chrono(context_->options.transfer_timeout));
  beast::http::async_write(
      stream_, *response_,
      [self = shared_from_this()](const Error& error, size_t) { self->OnWritten(error); });
}

void Connection::Settle() {
  if (!std::exchange(owed_, false)) return;
  context_->set.CountOwed(-1);
}

void Connection::OnWritten(const Error& error) {
  Settle();
  if (error || closed_) return Close();
  if (!keep_alive_) return reads_ahead_ ? Close() : Linger();
  if (!reads_ahead_) return AwaitRequest();
  // What the client has sent so far is kept by the stream. The next read has a time limit.
  stream_.tcp().cancel();
}

// Closing while bytes are unread would reset the connection, and the client might lose the answer.
void Connection::Linger() {
  Error ignored;
  stream_.tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  buffer_.clear();
  stream_.tcp().expires_after(Chrono(kLinger));
  OnLingered(Error());
}

void Connection::OnLingered(const Error& error) {
  if (error || closed_) return Close();
  stream_.async_read_some(
      buffer_.prepare(16 << 10),
      [self = shared_from_this()](const Error& read, size_t) { self->OnLingered(read); });
}

void Connection::Close() {
  if (!closed_) {
    closed_ = true;
    stream_.tcp().close();
    Settle();
    if (gone_) std::exchange(gone_, nullptr)();
  }
  context_->set.Remove(shared_from_this());
}

}  // namespace orderflow::http
