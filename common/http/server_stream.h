#pragma once

// The bytes of a connection, with TLS or without. Private to this folder.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>
#include <utility>

namespace orderflow::http {

// An asynchronous stream as Asio and Beast want it, so that who reads and writes need not know
// which of the two it is. Movable before its first use only. One strand only.
class ServerStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

  // No `context`: no TLS.
  ServerStream(boost::asio::ip::tcp::socket socket, TlsContext context)
      : context_(std::move(context)),
        tcp_(context_ == nullptr ? std::make_unique<Tcp>(std::move(socket)) : nullptr),
        tls_(context_ == nullptr ? nullptr : std::make_unique<Tls>(std::move(socket), *context_)) {}

  bool has_tls() const { return tls_ != nullptr; }
  // What carries the bytes: timeouts, the socket, closing.
  boost::beast::tcp_stream& tcp() { return tls_ ? tls_->next_layer() : *tcp_; }
  executor_type get_executor() { return tcp().get_executor(); }

  // With TLS: before anything is read or written.
  template <typename Handler>
  void AsyncHandshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    tcp_->async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    tcp_->async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  using Tcp = boost::beast::tcp_stream;
  using Tls = boost::beast::ssl_stream<Tcp>;

  TlsContext context_;  // outlives tls_, which borrows it
  std::unique_ptr<Tcp> tcp_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace orderflow::http
