#include "common/http/server.h"

#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "common/base/test_matchers.h"
#include "common/http/server_test_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto server = Server::Start(options, handler_);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }
  TestClient Connect() { return TestClient(server_->port()); }

  Echo handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AConnectionTakesOneRequestAfterTheOther) {
  Start();
  TestClient client = Connect();
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
  TestClient client = Connect();
  client.Send(Post("first") + Post("second") + Post("third"));
  for (const char* body : {"first!", "second!", "third!"}) {
    EXPECT_TRUE(absl::EndsWith(client.Receive(), body));
  }
}

TEST_F(ServerTest, AClientThatAsksIsToldToGoOn) {
  Start();
  TestClient client = Connect();
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
    TestClient client = Connect();
    client.Send(text);
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 " + status));
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_F(ServerTest, WhoSaysNothingOrTooLittleIsClosed) {
  Start({.idle_timeout = absl::Milliseconds(50), .transfer_timeout = absl::Milliseconds(50)});
  TestClient silent = Connect();
  EXPECT_TRUE(silent.IsClosed());
  for (const std::string half :
       {"P", "POST / HTTP/1.1\r\nHos", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"}) {
    TestClient slow = Connect();
    slow.Send(half);
    EXPECT_TRUE(slow.IsClosed());
  }
}

TEST_F(ServerTest, TheLongestIdleConnectionMakesRoomForANewOne) {
  // One thread, so that connections turn idle in the order in which their answers arrive.
  Start({.threads = 1, .max_connections = 2});
  TestClient first = Connect();
  first.Send(Post("1"));
  first.Receive();
  TestClient second = Connect();
  second.Send(Post("2"));
  second.Receive();
  TestClient third = Connect();
  third.Send(Post("3"));
  EXPECT_TRUE(absl::EndsWith(third.Receive(), "3!"));
  EXPECT_TRUE(first.IsClosed());
  second.Send(Post("4"));
  EXPECT_TRUE(absl::EndsWith(second.Receive(), "4!"));
}

TEST_F(ServerTest, AHandlerThatForgetsItsAnswerGivesAnError) {
  Start();
  TestClient client = Connect();
  client.Send(Post("", "/drop"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 500"));
}

TEST_F(ServerTest, AClientThatGoesAwayBeforeItIsAnsweredIsNoticed) {
  Start();
  {
    TestClient client = Connect();
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
    TestClient client = Connect();
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
  TestClient waiting = Connect();
  waiting.Send(Post("", "/hold"));
  handler_.AwaitHeld();
  TestClient idle = Connect();
  std::thread stop([this] { server_->Stop(); });
  EXPECT_TRUE(idle.IsClosed());
  handler_.Release();
  EXPECT_TRUE(absl::EndsWith(waiting.Receive(), "released"));
  EXPECT_TRUE(waiting.IsClosed());
  stop.join();
}

TEST_F(ServerTest, AnAnswerAfterTheStopIsDropped) {
  Start({.drain_timeout = absl::Milliseconds(20)});
  TestClient waiting = Connect();
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
