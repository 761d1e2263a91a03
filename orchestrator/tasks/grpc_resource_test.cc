#include "orchestrator/tasks/grpc_resource.h"

#include "common/base/test_matchers.h"

namespace orderflow::tasks {
namespace {

using ::testing::HasSubstr;

TEST(GrpcResourceTest, TakesNamesAndAddresses) {
  const GrpcResource inventory = {.tls = false,
                                  .address = "inventory:50052",
                                  .service = "orderflow.inventory.v1.InventoryService",
                                  .method = "CheckInventory"};
  EXPECT_THAT(ParseGrpcResource(
                  "grpc://inventory:50052/orderflow.inventory.v1.InventoryService/CheckInventory"),
              IsOkAndHolds(inventory));
  EXPECT_EQ(inventory.path(), "/orderflow.inventory.v1.InventoryService/CheckInventory");
  EXPECT_EQ(ParseGrpcResource("grpcs://a-b.c_d.example:443/S/M")->address, "a-b.c_d.example:443");
  EXPECT_TRUE(ParseGrpcResource("grpcs://a:443/S/M")->tls);
  EXPECT_EQ(ParseGrpcResource("grpc://127.0.0.1:1/S/M")->address, "127.0.0.1:1");
  EXPECT_EQ(ParseGrpcResource("grpc://[2001:db8::1]:65535/S/M")->address, "[2001:db8::1]:65535");
}

TEST(GrpcResourceTest, TakesTargetsAsGrpcWritesThem) {
  const auto plain = ParseGrpcResource("grpc://inventory:50052/a.B/C");
  EXPECT_EQ(plain->target(), "dns:///inventory:50052");
  EXPECT_THAT(ParseGrpcResource("grpc://dns:///inventory:50052/a.B/C"), IsOkAndHolds(*plain));
  const auto asking = ParseGrpcResource("grpcs://dns://127.0.0.1:5353/Inventory.test:50052/a.B/C");
  EXPECT_EQ(asking->address, "dns://127.0.0.1:5353/inventory.test:50052");
  EXPECT_EQ(asking->target(), asking->address);
  EXPECT_EQ(asking->path(), "/a.B/C");
  EXPECT_TRUE(asking->tls);
  EXPECT_EQ(ParseGrpcResource("grpc://dns://[::1]:53/a:1/S/M")->target(), "dns://[::1]:53/a:1");
}

TEST(GrpcResourceTest, HostsAreTheSameInAnyCase) {
  EXPECT_EQ(ParseGrpcResource("grpc://Inventory:1/a.B/C")->address, "inventory:1");
  EXPECT_EQ(ParseGrpcResource("grpc://Inventory:1/a.B/C")->service, "a.B");
}

TEST(GrpcResourceTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "not a gRPC resource"},
      {"http://a:1/S/M", "not a gRPC resource"},
      {"GRPC://a:1/S/M", "not a gRPC resource"},
      {"grpc://", "the host is missing"},
      {"grpc:///S/M", "the host is missing"},
      {"grpc://:1/S/M", "the host is missing"},
      {"grpc://a/S/M", "the port is missing"},
      {"grpc://a:/S/M", "port \"\" is not a number from 1 to 65535"},
      {"grpc://a:0/S/M", "port \"0\" is not a number from 1 to 65535"},
      {"grpc://a:65536/S/M", "port \"65536\" is not a number from 1 to 65535"},
      {"grpc://a:1x/S/M", "port \"1x\" is not a number from 1 to 65535"},
      {"grpc://user:secret@a:1/S/M", "credentials have no place in a resource"},
      {"grpc://a b:1/S/M", "\"a b\" is not a host name"},
      {"grpc://a..b:1/S/M", "\"a..b\" is not a host name"},
      {"grpc://a\n:1/S/M", "\"a\\n\" is not a host name"},
      {"grpc://[::1/S/M", "'[' without ']'"},
      {"grpc://[::zz]:1/S/M", "\"::zz\" is not an IPv6 address"},
      {"grpc://[::1]/S/M", "the port is missing"},
      {"grpc://::1/S/M", "the host is missing"},
      {"grpc://fe80::1/S/M", "an IPv6 address needs brackets and a port"},
      {"grpc://dns:///", "the host is missing"},
      {"grpc://dns:///a/S/M", "the port is missing"},
      {"grpc://dns://127.0.0.1/a:1/S/M",
       "name server \"127.0.0.1\" is not an IP address and a port"},
      {"grpc://dns://resolver:53/a:1/S/M", "name server \"resolver:53\" is not an IP address"},
      {"grpc://dns://[::1]/a:1/S/M", "name server \"[::1]\" is not an IP address and a port"},
      {"grpc://dns://127.0.0.1:53", "the host is missing"},
      {"grpc://dns:inventory:1/S/M", "port \"inventory:1\" is not a number"},
      {"grpc://a:1", "service and method are missing"},
      {"grpc://a:1/S", "the method is missing"},
      {"grpc://a:1//M", "\"\" is not the name of a service"},
      {"grpc://a:1/a..B/M", "\"a..B\" is not the name of a service"},
      {"grpc://a:1/1a/M", "\"1a\" is not the name of a service"},
      {"grpc://a:1/S/", "\"\" is not the name of a method"},
      {"grpc://a:1/S/M/more", "\"M/more\" is not the name of a method"},
      {"grpc://a:1/S/M?x", "\"M?x\" is not the name of a method"},
  };
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT(ParseGrpcResource(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(problem)))
        << text;
  }
  const auto token = ParseGrpcResource("grpc://a:1/S/M.waitForTaskToken");
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->path(), "/S/M");
  EXPECT_TRUE(token->waits_for_token);
  EXPECT_THAT(ParseGrpcResource("grpc://a:1/S/M.sync"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"M.sync\" is not the")));
  EXPECT_THAT(
      ParseGrpcResource("grpc://a:1/S/" + std::string(2000, 'M')),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("longer than 1024 characters")));
}

}  // namespace
}  // namespace orderflow::tasks
