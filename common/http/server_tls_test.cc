#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "common/base/test_matchers.h"
#include "common/http/server_test_client.h"
#include "common/tls/test_certificates.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::http {
namespace {

namespace ssl = boost::asio::ssl;
using TlsClient = BasicTestClient<ssl::stream<boost::asio::ip::tcp::socket>>;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A server with a certificate for 127.0.0.1, and who signed it.
class ServerTlsTest : public ::testing::Test {
 protected:
  ServerTlsTest()
      : directory_(NewDirectory()), ours_(directory_, "ours"), others_(directory_, "others") {
    ours_.Issue("server", "127.0.0.1");
  }
  ~ServerTlsTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  static std::string NewDirectory() {
    std::string name = ::testing::TempDir() + "/server_tls_test_XXXXXX";
    return mkdtemp(name.data());
  }
  std::string File(const std::string& name) const { return directory_ + "/" + name; }

  absl::Status Start(const std::string& certificate = "server.crt", ServerOptions options = {}) {
    options.tls = {.certificate_file = File(certificate),
                   .key_file = File("server.key"),
                   .reload_interval = absl::ZeroDuration(),
                   .report = [this](const absl::Status& status) {
                     MutexLock lock(mutex_);
                     reported_ = status;
                   }};
    auto server = Server::Start(options, handler_);
    if (server.ok()) server_ = *std::move(server);
    return server.status();
  }

  static ssl::context Trusting(const tls::TestAuthority& authority) {
    ssl::context context(ssl::context::tls_client);
    context.load_verify_file(authority.certificate_file());
    context.set_verify_mode(ssl::verify_peer);
    return context;
  }
  // Connected, and shaken hands with.
  std::unique_ptr<TlsClient> Connect() {
    auto client = std::make_unique<TlsClient>(server_->port(), trust_);
    client->stream().handshake(ssl::stream_base::client);
    return client;
  }
  bool CanConnectTrusting(const tls::TestAuthority& authority) {
    ssl::context trust = Trusting(authority);
    TlsClient client(server_->port(), trust);
    boost::system::error_code error;
    client.stream().handshake(ssl::stream_base::client, error);
    return !error;
  }

  const std::string directory_;
  const tls::TestAuthority ours_;
  const tls::TestAuthority others_;
  ssl::context trust_ = Trusting(ours_);
  Mutex mutex_;
  absl::Status reported_ ABSL_GUARDED_BY(mutex_);
  Echo handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTlsTest, AConnectionTakesOneRequestAfterTheOther) {
  ASSERT_THAT(Start(), IsOk());
  const auto client = Connect();
  // The last one has many messages of TLS.
  for (const std::string& body : {std::string("a"), std::string(), std::string(1 << 20, 'x')}) {
    client->Send(Post(body));
    const std::string answer = client->Receive();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_TRUE(absl::EndsWith(answer, body + "!"));
  }
}

TEST_F(ServerTlsTest, WhoDoesNotSpeakItIsClosedAndOthersDoNotNotice) {
  ASSERT_THAT(Start(), IsOk());
  TestClient silent(server_->port());
  TestClient plain(server_->port());
  plain.Send(Post("secret"));
  EXPECT_TRUE(plain.IsClosed());
  const auto client = Connect();
  client->Send(Post("a"));
  EXPECT_TRUE(absl::EndsWith(client->Receive(), "a!"));
}

TEST_F(ServerTlsTest, WhoDoesNotShakeHandsInTimeIsClosed) {
  ASSERT_THAT(Start("server.crt", {.transfer_timeout = absl::Milliseconds(50)}), IsOk());
  TestClient silent(server_->port());
  EXPECT_TRUE(silent.IsClosed());
}

TEST_F(ServerTlsTest, NewFilesAreTakenUpByNewConnections) {
  ASSERT_THAT(Start(), IsOk());
  const auto before = Connect();
  others_.Issue("server", "127.0.0.1");
  EXPECT_TRUE(CanConnectTrusting(others_));
  EXPECT_FALSE(CanConnectTrusting(ours_));
  before->Send(Post("a"));
  EXPECT_TRUE(absl::EndsWith(before->Receive(), "a!"));
}

TEST_F(ServerTlsTest, FilesThatAreOfNoUseLeaveTheOldOnesInForce) {
  ASSERT_THAT(Start(), IsOk());
  std::ofstream(File("server.crt")) << "half a certificate";
  EXPECT_TRUE(CanConnectTrusting(ours_));
  MutexLock lock(mutex_);
  EXPECT_THAT(std::string(reported_.message()), HasSubstr("server.crt"));
}

TEST_F(ServerTlsTest, AFileThatIsOfNoUseIsNamedAtTheStart) {
  const absl::Status status = Start("none.crt");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("none.crt"));
}

TEST_F(ServerTlsTest, AClientThatSaysGoodbyeBeforeItIsAnsweredIsNoticed) {
  ASSERT_THAT(Start(), IsOk());
  {
    const auto client = Connect();
    client->Send(Post("", "/hold"));
    handler_.AwaitHeld();
    // The server closes at once, without a goodbye of its own.
    boost::system::error_code ignored;
    client->stream().shutdown(ignored);
    handler_.AwaitGone();
  }
  handler_.Release();  // to nobody
}

// What arrives then has nothing in it for the server, which goes on reading until the answer.
TEST_F(ServerTlsTest, NewKeysMayComeBeforeTheAnswer) {
  ASSERT_THAT(Start(), IsOk());
  const auto client = Connect();
  client->Send(Post("", "/hold"));
  handler_.AwaitHeld();
  ASSERT_EQ(SSL_key_update(client->stream().native_handle(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  client->stream().handshake(ssl::stream_base::client);  // sends them
  handler_.Release();
  EXPECT_TRUE(absl::EndsWith(client->Receive(), "released"));
  client->Send(Post("next"));
  EXPECT_TRUE(absl::EndsWith(client->Receive(), "next!"));
  server_->Stop();
  EXPECT_EQ(handler_.gone(), 0);
}

// In whichever order the two arrive at the server's thread.
TEST_F(ServerTlsTest, TheNextRequestMayComeWithTheAnswer) {
  ASSERT_THAT(Start(), IsOk());
  const auto client = Connect();
  for (int round = 0; round < 200; ++round) {
    client->Send(Post("", "/hold"));
    handler_.AwaitHeld();
    std::thread sender([&client] { client->Send(Post("next")); });
    handler_.Release();
    sender.join();
    ASSERT_TRUE(absl::EndsWith(client->Receive(), "released")) << round;
    ASSERT_TRUE(absl::EndsWith(client->Receive(), "next!")) << round;
  }
}

TEST_F(ServerTlsTest, TheNextRequestMayComeBeforeTheAnswer) {
  ASSERT_THAT(Start(), IsOk());
  const auto client = Connect();
  client->Send(Post("", "/hold"));
  handler_.AwaitHeld();
  client->Send(Post("next"));
  handler_.Release();
  EXPECT_TRUE(absl::EndsWith(client->Receive(), "released"));
  EXPECT_TRUE(absl::EndsWith(client->Receive(), "next!"));
  server_->Stop();
  EXPECT_EQ(handler_.gone(), 0);
}

}  // namespace
}  // namespace orderflow::http
