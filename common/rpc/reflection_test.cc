#include "common/rpc/reflection.h"

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/client_context.h>

#include "common/base/test_matchers.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/test_module.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace orderflow::rpc {
namespace {

namespace v1alpha = ::grpc::reflection::v1alpha;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using v1alpha::ServerReflectionRequest;
using v1alpha::ServerReflectionResponse;

// A server and one open reflection stream to it.
class ReflectionTest : public ::testing::Test {
 protected:
  ReflectionTest()
      : server_(*Server::Start({.drain_timeout = absl::Hours(1)}, module_)),
        channel_(*MakeChannel(server_->address(), {.own_connection = true})),
        stub_(v1alpha::ServerReflection::NewStub(channel_)),
        stream_(stub_->ServerReflectionInfo(&context_)) {}
  ~ReflectionTest() override { context_.TryCancel(); }

  ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
    ServerReflectionResponse response;
    EXPECT_TRUE(stream_->Write(request));
    EXPECT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
    return response;
  }

  // The names of the files in an answer.
  static std::vector<std::string> Files(const ServerReflectionResponse& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  TestModule module_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1alpha::ServerReflection::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>>
      stream_;
};

TEST_F(ReflectionTest, ListsAllServices) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  std::vector<std::string> names;
  const ServerReflectionResponse response = Ask(request);
  for (const auto& service : response.list_services_response().service())
    names.push_back(service.name());
  EXPECT_THAT(names,
              UnorderedElementsAre("orderflow.receive.v1.ReceiveService", "grpc.health.v1.Health",
                                   "grpc.reflection.v1alpha.ServerReflection"));
}

TEST_F(ReflectionTest, GivesAFileWithItsImportsBySymbolAndByName) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol("orderflow.receive.v1.ReceiveService");
  EXPECT_THAT(Files(Ask(request)),
              ElementsAre("orderflow/receive/v1/receive.proto", "google/protobuf/timestamp.proto"));
  request.set_file_containing_symbol("orderflow.receive.v1.ReceiveService.ReceiveOrder");
  EXPECT_EQ(Files(Ask(request)).front(), "orderflow/receive/v1/receive.proto");
  request.set_file_containing_symbol("grpc.health.v1.Health");
  EXPECT_THAT(Files(Ask(request)), ElementsAre("grpc/health/v1/health.proto"));
  request.set_file_by_filename("google/protobuf/timestamp.proto");
  EXPECT_THAT(Files(Ask(request)), ElementsAre("google/protobuf/timestamp.proto"));
}

TEST_F(ReflectionTest, UnknownNamesAreAnErrorAndTheStreamGoesOn) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol("no.such\nThing");
  ServerReflectionResponse response = Ask(request);
  EXPECT_EQ(response.error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(response.error_response().error_message(), HasSubstr("\"no.such\\nThing\""));
  EXPECT_EQ(Ask(ServerReflectionRequest()).error_response().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_all_extension_numbers_of_type("orderflow.receive.v1.ReceivedOrder");
  EXPECT_EQ(Ask(request).all_extension_numbers_response().base_type_name(),
            "orderflow.receive.v1.ReceivedOrder");
  request.mutable_file_containing_extension()->set_containing_type("no.such.Type");
  EXPECT_EQ(Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReflectionTest, StopDoesNotWaitForAnOpenStream) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  Ask(request);
  server_->Stop();  // would take an hour
  ServerReflectionResponse response;
  EXPECT_FALSE(stream_->Read(&response));
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ReflectionTest, TheClientMayEndTheStream) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  Ask(request);
  EXPECT_TRUE(stream_->WritesDone());
  EXPECT_TRUE(stream_->Finish().ok());
}

}  // namespace
}  // namespace orderflow::rpc
