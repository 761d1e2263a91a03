#include "lambda/test_runtime_api.h"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "absl/time/clock.h"

namespace orderflow::lambda {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

class TestRuntimeApi::Listener {
 public:
  Listener() : acceptor_(context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {}

  int port() const { return acceptor_.local_endpoint().port(); }
  // Ends an Accept that waits.
  void Stop() { shutdown(acceptor_.native_handle(), SHUT_RDWR); }
  bool Accept() {
    error_code error;
    socket_ = tcp::socket(context_);
    buffer_.clear();
    acceptor_.accept(socket_, error);
    return !error;
  }
  bool Read(http::request<http::string_body>& request) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    error_code error;
    http::read(socket_, buffer_, parser, error);
    request = parser.release();
    return !error;
  }
  void Write(http::response<http::string_body>& response) {
    response.prepare_payload();
    error_code error;
    http::write(socket_, response, error);
  }
  void Close() { socket_.close(); }

 private:
  boost::asio::io_context context_;
  tcp::acceptor acceptor_;
  tcp::socket socket_{context_};
  boost::beast::flat_buffer buffer_;
};

TestRuntimeApi::TestRuntimeApi(std::vector<Event> events)
    : listener_(std::make_unique<Listener>()),
      endpoint_("127.0.0.1:" + std::to_string(listener_->port())),
      events_(events.begin(), events.end()),
      thread_([this] { Serve(); }) {}

TestRuntimeApi::~TestRuntimeApi() {
  listener_->Stop();
  thread_.join();
}

void TestRuntimeApi::AnswerPostsTo(std::string end, int status) {
  MutexLock lock(mutex_);
  refused_end_ = std::move(end);
  refused_status_ = status;
}

std::vector<TestRuntimeApi::Posted> TestRuntimeApi::posted() const {
  MutexLock lock(mutex_);
  return posted_;
}

int TestRuntimeApi::connections() const {
  MutexLock lock(mutex_);
  return connections_;
}

void TestRuntimeApi::Serve() {
  while (listener_->Accept()) {
    {
      MutexLock lock(mutex_);
      ++connections_;
    }
    ServeConnection();
    listener_->Close();
  }
}

void TestRuntimeApi::ServeConnection() {
  http::request<http::string_body> request;
  while (listener_->Read(request)) {
    http::response<http::string_body> response(http::status::accepted, 11);
    bool close = false;
    {
      MutexLock lock(mutex_);
      const std::string target(request.target());
      if (request.method() == http::verb::post) {
        posted_.push_back(
            {target, request.body(), std::string(request["Lambda-Runtime-Function-Error-Type"])});
        const bool refused = !refused_end_.empty() && target.size() >= refused_end_.size() &&
                             target.compare(target.size() - refused_end_.size(),
                                            refused_end_.size(), refused_end_) == 0;
        if (refused) response.result(static_cast<unsigned>(refused_status_));
      } else if (events_.empty()) {
        response.result(http::status::internal_server_error);
      } else {
        const Event event = std::move(events_.front());
        events_.pop_front();
        response.result(http::status::ok);
        response.set("Lambda-Runtime-Aws-Request-Id", "request-" + std::to_string(++handed_out_));
        response.set("Lambda-Runtime-Deadline-Ms",
                     std::to_string(absl::ToUnixMillis(absl::Now() + event.time_left)));
        response.set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:x:1:function:F");
        response.set("Lambda-Runtime-Trace-Id", "Root=1-2-3;Sampled=1");
        response.body() = event.body;
        close = event.then_close;
      }
    }
    listener_->Write(response);
    if (close) return;
  }
}

}  // namespace orderflow::lambda
