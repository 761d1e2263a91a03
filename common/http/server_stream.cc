#include "common/http/server_stream.h"

#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace orderflow::http {

using boost::beast::tcp_stream;

struct ServerStream::Tls {
  boost::beast::ssl_stream<tcp_stream> stream;
};

ServerStream::ServerStream(boost::asio::ip::tcp::socket socket, TlsContext context)
    : context_(std::move(context)) {
  if (context_ == nullptr) {
    tcp_ = std::make_unique<tcp_stream>(std::move(socket));
  } else {
    tls_.reset(new Tls{{std::move(socket), *context_}});
  }
}

ServerStream::ServerStream(ServerStream&& other) noexcept = default;
ServerStream::~ServerStream() = default;

tcp_stream& ServerStream::tcp() { return tls_ ? tls_->stream.next_layer() : *tcp_; }

void ServerStream::AsyncHandshake(absl::AnyInvocable<void(const Error& error)> done) {
  tls_->stream.async_handshake(boost::asio::ssl::stream_base::server, std::move(done));
}

void ServerStream::Read(boost::asio::mutable_buffer buffer, Transferred done) {
  if (tls_) return tls_->stream.async_read_some(buffer, std::move(done));
  tcp_->async_read_some(buffer, std::move(done));
}

void ServerStream::Write(ConstBuffers buffers, Transferred done) {
  if (tls_) return tls_->stream.async_write_some(buffers, std::move(done));
  tcp_->async_write_some(buffers, std::move(done));
}

}  // namespace orderflow::http
