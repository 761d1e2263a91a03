#include "common/http/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "common/base/status.h"
#include "common/http/server_connection.h"
#include "common/http/server_tls.h"
#include "common/net/listen_address.h"

namespace orderflow::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

// Before trying again where no connection could be taken, such as for want of descriptors.
constexpr std::chrono::milliseconds kAcceptPause(100);

// No more than half of what the process may open: files and other servers want some, too.
ServerOptions WithinDescriptorLimit(ServerOptions options) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    options.max_connections =
        std::min<size_t>(options.max_connections, std::max<rlim_t>(limit.rlim_cur / 2, 1));
  }
  return options;
}

absl::Status Listen(const net::ListenAddress& address, tcp::acceptor& acceptor) {
  // The error of a bind says nothing of whose the port is; trying it first does.
  ORDERFLOW_RETURN_IF_ERROR(net::CheckCanListen(address));
  Error error;
  const asio::ip::address ip = asio::ip::make_address(address.ip, error);
  const tcp::endpoint endpoint(ip, address.port);
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError("cannot listen on " + address.ToString() + ": " + error.message());
}

}  // namespace

const std::string* ServerRequest::Header(std::string_view name) const {
  const absl::string_view wanted(name.data(), name.size());
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, wanted)) return &value;
  }
  return nullptr;
}

class Server::Impl {
 public:
  Impl(const ServerOptions& options, Handler& handler)
      : context_(std::make_shared<ConnectionContext>(options, handler)),
        acceptor_strand_(asio::make_strand(context_->io)),
        acceptor_(acceptor_strand_),
        pause_(acceptor_strand_) {}

  absl::Status Start() {
    if (context_->options.tls.enabled()) {
      ORDERFLOW_ASSIGN_OR_RETURN(tls_, TlsFiles::Open(context_->options.tls));
    }
    ORDERFLOW_ASSIGN_OR_RETURN(net::ListenAddress address,
                               net::ParseListenAddress(context_->options.listen));
    ORDERFLOW_RETURN_IF_ERROR(Listen(address, acceptor_));
    address.port = acceptor_.local_endpoint().port();
    port_ = address.port;
    address_ = address.ToString();
    Accept();
    for (int i = 0; i < context_->options.threads; ++i) {
      threads_.emplace_back([this] { context_->io.run(); });
    }
    return absl::OkStatus();
  }

  void Drain() {
    if (context_->draining.exchange(true)) return;
    asio::post(acceptor_strand_, [this] {
      Error ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    for (const auto& connection : context_->set.Idle()) connection->CutIfIdle();
  }

  void Stop() {
    if (threads_.empty()) return;
    Drain();
    context_->set.WaitUntilNothingOwed(context_->options.drain_timeout);
    context_->stopped = true;
    for (const auto& connection : context_->set.All()) connection->Cut();
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    // An answer that came too late may have been left behind.
    context_->io.restart();
    context_->io.poll();
  }

  int port() const { return port_; }
  const std::string& address() const { return address_; }
  size_t connections() const { return context_->set.size(); }

 private:
  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_->io), [this](Error error, auto socket) {
      OnAccepted(error, std::move(socket));
    });
  }

  template <typename Socket>
  void OnAccepted(const Error& error, Socket socket) {
    if (context_->draining) return;
    if (!error) {
      Add(tcp::socket(std::move(socket)));
      return Accept();
    }
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const Error& cancelled) {
      if (!cancelled && !context_->draining) Accept();
    });
  }

  void Add(tcp::socket socket) {
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto connection = std::make_shared<Connection>(
        ServerStream(std::move(socket), tls_ == nullptr ? nullptr : tls_->Current()), context_);
    std::shared_ptr<Connection> displaced;
    if (!context_->set.Add(connection, displaced)) return;  // closed by its destruction
    if (displaced != nullptr) displaced->Cut();
    connection->Start();
  }

  const std::shared_ptr<ConnectionContext> context_;
  asio::strand<asio::io_context::executor_type> acceptor_strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::unique_ptr<TlsFiles> tls_;  // used on the acceptor's strand
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_->io.get_executor()};
  int port_ = 0;
  std::string address_;
  std::vector<std::thread> threads_;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      Handler& handler) {
  auto impl = std::make_unique<Impl>(WithinDescriptorLimit(options), handler);
  ORDERFLOW_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Stop(); }
int Server::port() const { return impl_->port(); }
const std::string& Server::address() const { return impl_->address(); }
size_t Server::connections() const { return impl_->connections(); }
void Server::Drain() { impl_->Drain(); }
void Server::Stop() { impl_->Stop(); }

}  // namespace orderflow::http
