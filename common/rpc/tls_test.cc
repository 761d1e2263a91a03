#include "common/rpc/tls.h"

#include <grpcpp/client_context.h>

#include <filesystem>
#include <fstream>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/test_module.h"
#include "common/tls/test_certificates.h"

namespace orderflow::rpc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A directory with two authorities, and a server certificate of the first.
class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : directory_(NewDirectory()), ours_(directory_, "ours"), others_(directory_, "others") {
    ours_.Issue("server", "127.0.0.1");
  }
  ~TlsTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  static std::string NewDirectory() {
    std::string name = ::testing::TempDir() + "/tls_test_XXXXXX";
    return mkdtemp(name.data());
  }

  std::string File(const std::string& name) const { return directory_ + "/" + name; }
  ServerTls Tls() const {
    return {.certificate_file = File("server.crt"), .key_file = File("server.key")};
  }
  ClientTls Trusting(const tls::TestAuthority& authority) const {
    return {.enabled = true, .ca_file = authority.certificate_file()};
  }

  void Start(ServerTls tls) {
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start({.tls = std::move(tls)}, module_);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  // One call over a new connection; `persistent` connects again and again until it succeeds.
  absl::Status Call(const ClientTls& tls, bool persistent = false) {
    ORDERFLOW_ASSIGN_OR_RETURN(
        const auto channel, MakeChannel(server_->address(), {.tls = tls, .own_connection = true}));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    context.set_wait_for_ready(persistent);
    TestModule::Response response;
    return FromGrpcStatus(
        receive::v1::ReceiveService::NewStub(channel)->ReceiveOrder(&context, {}, &response));
  }

  const std::string directory_;
  const tls::TestAuthority ours_;
  const tls::TestAuthority others_;
  TestModule module_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, AClientThatTrustsTheAuthorityGetsThrough) {
  Start(Tls());
  EXPECT_THAT(Call(Trusting(ours_)), IsOk());
}

TEST_F(TlsTest, PlainTextAndForeignAuthoritiesAreRefused) {
  Start(Tls());
  EXPECT_THAT(Call({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Call(Trusting(others_)), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, TheServersNameIsChecked) {
  ours_.Issue("server", "elsewhere.example");
  Start(Tls());
  EXPECT_THAT(Call(Trusting(ours_)), StatusIs(absl::StatusCode::kUnavailable));
  ClientTls tls = Trusting(ours_);
  tls.server_name = "elsewhere.example";
  EXPECT_THAT(Call(tls), IsOk());
}

TEST_F(TlsTest, MutualTlsAsksClientsForACertificate) {
  ServerTls server_tls = Tls();
  server_tls.client_ca_file = ours_.certificate_file();
  Start(server_tls);
  EXPECT_FALSE(Call(Trusting(ours_)).ok());

  ClientTls tls = Trusting(ours_);
  others_.Issue("stranger", "stranger");
  tls.certificate_file = File("stranger.crt");
  tls.key_file = File("stranger.key");
  EXPECT_FALSE(Call(tls).ok());

  ours_.Issue("client", "client");
  tls.certificate_file = File("client.crt");
  tls.key_file = File("client.key");
  EXPECT_THAT(Call(tls), IsOk());
}

TEST_F(TlsTest, ARenewedCertificateIsUsedWithoutARestart) {
  ServerTls tls = Tls();
  tls.reload_interval = absl::Seconds(1);
  Start(tls);
  ASSERT_THAT(Call(Trusting(ours_)), IsOk());
  others_.Issue("server", "127.0.0.1");
  EXPECT_THAT(Call(Trusting(others_), /*persistent=*/true), IsOk());
}

TEST_F(TlsTest, WhatCannotServeIsRefusedAtStartWithTheFileNamed) {
  const auto start = [](const ServerTls& tls) { return MakeServerCredentials(tls).status(); };
  ServerTls tls = Tls();
  tls.certificate_file = File("missing.crt");
  EXPECT_THAT(start(tls), StatusIs(absl::StatusCode::kInvalidArgument,
                                   AllOf(HasSubstr("missing.crt"), HasSubstr("No such file"))));

  std::ofstream(File("garbage.crt")) << "not a certificate";
  tls.certificate_file = File("garbage.crt");
  EXPECT_THAT(start(tls),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("holds no certificate")));

  ours_.Issue("old", "127.0.0.1", -absl::Hours(2), -absl::Hours(1));
  tls = {.certificate_file = File("old.crt"), .key_file = File("old.key")};
  EXPECT_THAT(start(tls), StatusIs(absl::StatusCode::kInvalidArgument,
                                   AllOf(HasSubstr("old.crt"), HasSubstr("expired"))));

  ours_.Issue("new", "127.0.0.1", absl::Hours(1), absl::Hours(2));
  tls = {.certificate_file = File("new.crt"), .key_file = File("new.key")};
  EXPECT_THAT(start(tls),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not valid before")));

  tls = Tls();
  tls.key_file = File("old.key");
  EXPECT_THAT(start(tls),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not the key of")));
  tls.key_file = "";
  EXPECT_THAT(start(tls), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("both")));

  tls = Tls();
  tls.client_ca_file = File("garbage.crt");
  EXPECT_THAT(start(tls), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("garbage.crt")));
}

TEST_F(TlsTest, AClientsBadFilesAreNamedToo) {
  ClientTls tls = {.enabled = true, .ca_file = File("missing.crt")};
  EXPECT_THAT(MakeChannel("127.0.0.1:1", {.tls = tls}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("missing.crt")));
  tls = Trusting(ours_);
  tls.certificate_file = File("server.crt");
  EXPECT_THAT(MakeChannel("127.0.0.1:1", {.tls = tls}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("both")));
}

}  // namespace
}  // namespace orderflow::rpc
