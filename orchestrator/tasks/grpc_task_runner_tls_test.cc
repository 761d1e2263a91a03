#include <cstdlib>
#include <filesystem>

#include "common/base/test_matchers.h"
#include "common/rpc/tls.h"
#include "common/tls/test_certificates.h"
#include "orchestrator/tasks/grpc_task_runner.h"
#include "orchestrator/tasks/test_call.h"
#include "orchestrator/tasks/test_server.h"

namespace orderflow::tasks {
namespace {

class GrpcTaskRunnerTlsTest : public ::testing::Test {
 protected:
  GrpcTaskRunnerTlsTest() : authority_(directory_, "ca"), stranger_(directory_, "stranger") {
    authority_.Issue("server", "127.0.0.1");
    authority_.Issue("client", "orderflow");
  }
  ~GrpcTaskRunnerTlsTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name) const { return directory_ + "/" + name; }

  // A server that asks clients for a certificate (mTLS).
  std::shared_ptr<grpc::ServerCredentials> ServerCredentials() const {
    return *rpc::MakeServerCredentials({.certificate_file = File("server.crt"),
                                        .key_file = File("server.key"),
                                        .client_ca_file = authority_.certificate_file()});
  }

  // What a call ends with, made with these files.
  TaskOutcome Call(const rpc::ClientTls& tls, const std::string& scheme) {
    FakeInventory inventory([](auto& context, const auto&, auto&) { return Finish(context); });
    FakeReflection reflection;
    TestServer server(inventory, &reflection, 0, ServerCredentials());
    const auto runner = *CreateGrpcTaskRunner({.tls = tls});
    TaskCall call = CallTo(server.address());
    call.resource = scheme + "://" + server.address() + kCheck;
    Told told;
    const auto running = runner->Run(std::move(call), told.Done());
    return told.Wait();
  }

  static std::string MakeDirectory() {
    std::string path = ::testing::TempDir() + "/orderflow-tasks-tls-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    return path;
  }

  const std::string directory_ = MakeDirectory();
  tls::TestAuthority authority_;
  tls::TestAuthority stranger_;
};

TEST_F(GrpcTaskRunnerTlsTest, BothSidesShowTheirCertificates) {
  const rpc::ClientTls tls = {.ca_file = authority_.certificate_file(),
                              .certificate_file = File("client.crt"),
                              .key_file = File("client.key")};
  EXPECT_TRUE(std::holds_alternative<json::Value>(Call(tls, "grpcs")));
}

TEST_F(GrpcTaskRunnerTlsTest, AServerOfAnotherAuthorityIsNotCalled) {
  const rpc::ClientTls tls = {.ca_file = stranger_.certificate_file(),
                              .certificate_file = File("client.crt"),
                              .key_file = File("client.key")};
  const TaskOutcome outcome = Call(tls, "grpcs");
  ASSERT_TRUE(std::holds_alternative<asl::Failure>(outcome));
  EXPECT_EQ(std::get<asl::Failure>(outcome).error, "Grpc.UNAVAILABLE");
}

TEST_F(GrpcTaskRunnerTlsTest, WithoutTheSchemeNothingIsEncryptedAndNothingAnswered) {
  const TaskOutcome outcome = Call({.ca_file = authority_.certificate_file()}, "grpc");
  ASSERT_TRUE(std::holds_alternative<asl::Failure>(outcome));
  EXPECT_EQ(std::get<asl::Failure>(outcome).error, "Grpc.UNAVAILABLE");
}

}  // namespace
}  // namespace orderflow::tasks
