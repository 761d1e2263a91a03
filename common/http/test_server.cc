#include "common/http/test_server.h"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <thread>

#include "absl/strings/ascii.h"
#include "common/base/mutex.h"

namespace orderflow::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using BeastRequest = beast::http::request<beast::http::string_body>;
using BeastResponse = beast::http::response<beast::http::string_body>;

TestServer::Request FromBeast(const BeastRequest& received) {
  TestServer::Request request{.method = std::string(received.method_string()),
                              .target = std::string(received.target()),
                              .headers = {},
                              .body = received.body()};
  for (const auto& field : received) {
    request.headers[absl::AsciiStrToLower(std::string(field.name_string()))] =
        std::string(field.value());
  }
  return request;
}

BeastResponse ToBeast(const TestServer::Answer& answer, unsigned version) {
  BeastResponse response{static_cast<beast::http::status>(answer.status), version};
  response.set("Content-Type", "application/json");
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.body() = answer.body;
  response.prepare_payload();
  return response;
}

}  // namespace

std::string TestServer::Request::Header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

class TestServer::Impl {
 public:
  explicit Impl(Handler handler)
      : handler_(std::move(handler)),
        acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    thread_ = std::thread([this] { Accept(); });
  }
  ~Impl() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
      for (tcp::socket& socket : sockets_) ::shutdown(socket.native_handle(), SHUT_RDWR);
    }
    thread_.join();
    for (std::thread& connection : threads_) connection.join();
  }

  int port() const { return acceptor_.local_endpoint().port(); }

  int connections() const {
    MutexLock lock(mutex_);
    return static_cast<int>(sockets_.size());
  }

 private:
  void Accept() {
    while (true) {
      tcp::socket socket(context_);
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      MutexLock lock(mutex_);
      if (stopping_ || error) return;
      sockets_.push_back(std::move(socket));
      threads_.emplace_back([this, &accepted = sockets_.back()] { Serve(accepted); });
    }
  }

  void Serve(tcp::socket& socket) {
    beast::flat_buffer buffer;
    while (ServeOne(socket, buffer)) {
    }
    ::shutdown(socket.native_handle(), SHUT_RDWR);
  }

  // False when the connection has ended.
  bool ServeOne(tcp::socket& socket, beast::flat_buffer& buffer) {
    boost::system::error_code error;
    BeastRequest request;
    beast::http::read(socket, buffer, request, error);
    if (error) return false;
    const Answer answer = handler_(FromBeast(request));
    if (answer.delivery == Answer::Delivery::kCut) return false;
    if (answer.delivery == Answer::Delivery::kSilent) {
      beast::http::read(socket, buffer, request, error);  // until the client gives up
      return false;
    }
    beast::http::write(socket, ToBeast(answer, request.version()), error);
    return !error;
  }

  const Handler handler_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<tcp::socket> sockets_ ABSL_GUARDED_BY(mutex_);
  std::list<std::thread> threads_;  // the accepting thread's, until it has ended
  std::thread thread_;
};

TestServer::TestServer(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {}
TestServer::~TestServer() = default;

std::string TestServer::url() const { return "http://127.0.0.1:" + std::to_string(impl_->port()); }

int TestServer::connections() const { return impl_->connections(); }

}  // namespace orderflow::http
