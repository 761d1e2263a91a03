#pragma once

// What the tests of the server have in common: a handler and a client.

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/http/server.h"

namespace orderflow::http {

// Answers with the request's body, or keeps the answer back and watches the client.
class Echo final : public Server::Handler {
 public:
  void Handle(ServerRequest request, Server::Respond respond) override {
    if (request.target == "/drop") return;
    if (request.target != "/hold") return Answer(request, std::move(respond));
    request.when_gone([this] {
      MutexLock lock(mutex_);
      ++gone_;
      leaving_.NotifyAll();
    });
    MutexLock lock(mutex_);
    held_ = std::move(respond);
    holding_.NotifyAll();
  }
  ServerResponse Refuse(int status, std::string_view why) override {
    return {.status = status, .headers = {}, .body = std::string(why)};
  }

  void AwaitHeld() {
    MutexLock lock(mutex_);
    while (!held_) holding_.Wait(mutex_);
  }

  void AwaitGone() {
    MutexLock lock(mutex_);
    while (gone_ == 0) leaving_.Wait(mutex_);
  }
  int gone() {
    MutexLock lock(mutex_);
    return gone_;
  }

  void Release() {
    AwaitHeld();
    Server::Respond respond;
    {
      MutexLock lock(mutex_);
      respond = std::exchange(held_, nullptr);
    }
    std::move(respond)({.status = 200, .headers = {}, .body = "released"});
  }

 private:
  static void Answer(const ServerRequest& request, Server::Respond respond) {
    const std::string* header = request.Header("x-test");
    std::move(respond)({.status = 200,
                        .headers = {{"X-Method", request.method}},
                        .body = absl::StrCat(request.body, header == nullptr ? "" : *header)});
  }

  Mutex mutex_;
  CondVar holding_;
  CondVar leaving_;
  int gone_ ABSL_GUARDED_BY(mutex_) = 0;  // clients, before they were answered
  Server::Respond held_ ABSL_GUARDED_BY(mutex_);
};

// Sends any bytes, and waits for what comes back.
template <typename Stream>
class BasicTestClient {
 public:
  template <typename... Arguments>
  explicit BasicTestClient(int port, Arguments&&... arguments)
      : stream_(context_, std::forward<Arguments>(arguments)...) {
    stream_.lowest_layer().connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
  }

  void Send(std::string_view text) {
    boost::asio::write(stream_, boost::asio::buffer(text.data(), text.size()));
  }
  // One answer, by its Content-Length; "closed" where there is none.
  std::string Receive() {
    boost::system::error_code error;
    const size_t head =
        boost::asio::read_until(stream_, boost::asio::dynamic_buffer(buffer_), "\r\n\r\n", error);
    if (error) return "closed";
    const size_t at = buffer_.find("Content-Length: ");
    const size_t length = at < head ? std::stoul(buffer_.substr(at + 16)) : 0;
    if (buffer_.size() < head + length) {
      boost::asio::read(stream_, boost::asio::dynamic_buffer(buffer_),
                        boost::asio::transfer_exactly(head + length - buffer_.size()), error);
    }
    std::string answer = buffer_.substr(0, head + length);
    buffer_.erase(0, head + length);
    return answer;
  }
  // Waits until it is.
  bool IsClosed() {
    char byte;
    boost::system::error_code error;
    boost::asio::read(stream_, boost::asio::buffer(&byte, 1), error);
    return static_cast<bool>(error);
  }
  Stream& stream() { return stream_; }

 private:
  boost::asio::io_context context_;
  Stream stream_;
  std::string buffer_;
};
using TestClient = BasicTestClient<boost::asio::ip::tcp::socket>;

inline std::string Post(std::string_view body, std::string_view target = "/") {
  return absl::StrCat("POST ", std::string(target), " HTTP/1.1\r\nHost: a\r\nX-TEST: !\r\n",
                      "Content-Length: ", body.size(), "\r\n\r\n", std::string(body));
}

}  // namespace orderflow::http
