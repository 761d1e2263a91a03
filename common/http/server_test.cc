#include "common/http/server.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::http {
namespace {

using boost::asio::ip::tcp;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

class Client {
 public:
  explicit Client(int port) : socket_(context_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
  }
  void Send(std::string_view text) {
    boost::asio::write(socket_, boost::asio::buffer(text.data(), text.size()));
  }
  // One answer, by its Content-Length.
  std::string Receive() {
    boost::system::error_code error;
    const size_t head =
        boost::asio::read_until(socket_, boost::asio::dynamic_buffer(buffer_), "\r\n\r\n", error);
    if (error) return "closed";
    const size_t at = buffer_.find("Content-Length: ");
    const size_t length = at < head ? std::stoul(buffer_.substr(at + 16)) : 0;
    if (buffer_.size() < head + length) {
      boost::asio::read(socket_, boost::asio::dynamic_buffer(buffer_),
                        boost::asio::transfer_exactly(head + length - buffer_.size()), error);
    }
    std::string answer = buffer_.substr(0, head + length);
    buffer_.erase(0, head + length);
    return answer;
  }
  bool IsClosed() {
    char byte;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::buffer(&byte, 1), error);
    return static_cast<bool>(error);
  }

 private:
  boost::asio::io_context context_;
  tcp::socket socket_;
  std::string buffer_;
};

std::string Post(std::string_view body, std::string_view target = "/") {
  return absl::StrCat("POST ", std::string(target), " HTTP/1.1\r\nHost: a\r\nX-TEST: !\r\n",
                      "Content-Length: ", body.size(), "\r\n\r\n", std::string(body));
}

class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto server = Server::Start(options, handler_);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }
  Client Connect() { return Client(server_->port()); }

  Echo handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AConnectionTakesOneRequestAfterTheOther) {
  Start();
  Client client = Connect();
  for (const std::string body : {"a", "", "bc"}) {
    client.Send(Post(body));
    const std::string answer = client.Receive();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("X-Method: POST"));
    EXPECT_TRUE(absl::EndsWith(answer, body + "!")) << answer;
  }
}

TEST_F(ServerTest, RequestsThatDoNotWaitForAnswersAreAnsweredInOrder) {
  Start();
  Client client = Connect();
  client.Send(Post("first") + Post("second") + Post("third"));
  for (const char* body : {"first!", "second!", "third!"}) {
    EXPECT_TRUE(absl::EndsWith(client.Receive(), body));
  }
}

TEST_F(ServerTest, AClientThatAsksIsToldToGoOn) {
  Start();
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 100"));
  client.Send("ok");
  EXPECT_TRUE(absl::EndsWith(client.Receive(), "ok"));
}

TEST_F(ServerTest, WhatIsTooLargeOrNoHttpIsRefusedAndTheConnectionClosed) {
  Start({.max_header_bytes = 1000, .max_body_bytes = 10});
  for (const auto& [text, status] :
       {std::pair<std::string, std::string>{Post("12345678901"), "413"},
        {"GET / HTTP/1.1\r\nA: " + std::string(2000, 'a'), "431"},
        {"\x16\x03\x01\r\n\r\n", "400"}}) {
    Client client = Connect();
    client.Send(text);
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 " + status));
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_F(ServerTest, WhoSaysNothingOrTooLittleIsClosed) {
  Start({.idle_timeout = absl::Milliseconds(50), .transfer_timeout = absl::Milliseconds(50)});
  Client silent = Connect();
  EXPECT_TRUE(silent.IsClosed());
  for (const std::string half :
       {"P", "POST / HTTP/1.1\r\nHos", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"}) {
    Client slow = Connect();
    slow.Send(half);
    EXPECT_TRUE(slow.IsClosed());
  }
}

TEST_F(ServerTest, TheLongestIdleConnectionMakesRoomForANewOne) {
  // One thread, so that connections turn idle in the order in which their answers arrive.
  Start({.threads = 1, .max_connections = 2});
  Client first = Connect();
  first.Send(Post("1"));
  first.Receive();
  Client second = Connect();
  second.Send(Post("2"));
  second.Receive();
  Client third = Connect();
  third.Send(Post("3"));
  EXPECT_TRUE(absl::EndsWith(third.Receive(), "3!"));
  EXPECT_TRUE(first.IsClosed());
  second.Send(Post("4"));
  EXPECT_TRUE(absl::EndsWith(second.Receive(), "4!"));
}

TEST_F(ServerTest, AHandlerThatForgetsItsAnswerGivesAnError) {
  Start();
  Client client = Connect();
  client.Send(Post("", "/drop"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 500"));
}

TEST_F(ServerTest, AClientThatGoesAwayBeforeItIsAnsweredIsNoticed) {
  Start();
  {
    Client client = Connect();
    client.Send(Post("", "/hold"));
    handler_.AwaitHeld();
  }
  handler_.AwaitGone();
  handler_.Release();  // to nobody
  server_->Stop();
  EXPECT_EQ(handler_.gone(), 1);
}

TEST_F(ServerTest, AClientThatIsAnsweredIsNotWatchedAnyMore) {
  Start();
  {
    Client client = Connect();
    client.Send(Post("", "/hold"));
    handler_.AwaitHeld();
    // The next request does not hide in the watch, nor does it look like a departure.
    client.Send(Post("next"));
    handler_.Release();
    EXPECT_TRUE(absl::EndsWith(client.Receive(), "released"));
    EXPECT_TRUE(absl::EndsWith(client.Receive(), "next!"));
    client.Send(Post("", "/hold"));
    handler_.Release();
    EXPECT_TRUE(absl::EndsWith(client.Receive(), "released"));
    client.Send(Post("last"));
    EXPECT_TRUE(absl::EndsWith(client.Receive(), "last!"));
  }
  server_->Stop();
  EXPECT_EQ(handler_.gone(), 0);
}

TEST_F(ServerTest, AStopWaitsForTheAnswerThatIsOwed) {
  Start();
  Client waiting = Connect();
  waiting.Send(Post("", "/hold"));
  handler_.AwaitHeld();
  Client idle = Connect();
  std::thread stop([this] { server_->Stop(); });
  EXPECT_TRUE(idle.IsClosed());
  handler_.Release();
  EXPECT_TRUE(absl::EndsWith(waiting.Receive(), "released"));
  EXPECT_TRUE(waiting.IsClosed());
  stop.join();
}

TEST_F(ServerTest, AnAnswerAfterTheStopIsDropped) {
  Start({.drain_timeout = absl::Milliseconds(20)});
  Client waiting = Connect();
  waiting.Send(Post("", "/hold"));
  handler_.AwaitHeld();
  server_->Stop();
  EXPECT_TRUE(waiting.IsClosed());
  server_.reset();
}

TEST_F(ServerTest, AnAddressThatCannotBeTakenIsExplained) {
  Start();
  Echo handler;
  auto taken = Server::Start({.listen = server_->address()}, handler);
  EXPECT_THAT(taken, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(taken.status().message()), HasSubstr("in use"));
  EXPECT_THAT(Server::Start({.listen = "nowhere"}, handler),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace orderflow::http
