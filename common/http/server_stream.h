#pragma once

// The bytes of a connection, with TLS or without. Private to this folder.

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/functional/any_invocable.h"

namespace orderflow::http {

// An asynchronous stream as Asio and Beast want it, so that who reads and writes need not know
// which of the two it is. Handlers run on its executor. Movable before its first use only. One
// strand only.
//
// What Beast builds upon it takes the compiler long; that it reads and writes by one function each,
// whatever the handler, halves the time.
class ServerStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
  using Error = boost::system::error_code;
  using Transferred = absl::AnyInvocable<void(const Error& error, size_t bytes)>;

  // No `context`: no TLS.
  ServerStream(boost::asio::ip::tcp::socket socket, TlsContext context);
  ServerStream(ServerStream&& other) noexcept;
  ~ServerStream();

  bool has_tls() const { return tls_ != nullptr; }
  // What carries the bytes: timeouts, the socket, closing.
  boost::beast::tcp_stream& tcp();
  executor_type get_executor() { return tcp().get_executor(); }

  // With TLS: before anything is read or written.
  void AsyncHandshake(absl::AnyInvocable<void(const Error& error)> done);

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    static_assert(std::is_convertible_v<Buffers, boost::asio::mutable_buffer>);
    Read(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    Write(ConstBuffers(boost::asio::buffer_sequence_begin(buffers),
                       boost::asio::buffer_sequence_end(buffers)),
          std::forward<Handler>(handler));
  }

 private:
  struct Tls;
  // The parts of a message: its head is in a few, its body in one.
  using ConstBuffers = absl::InlinedVector<boost::asio::const_buffer, 8>;

  void Read(boost::asio::mutable_buffer buffer, Transferred done);
  void Write(ConstBuffers buffers, Transferred done);

  TlsContext context_;  // outlives tls_, which borrows it
  std::unique_ptr<boost::beast::tcp_stream> tcp_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace orderflow::http
