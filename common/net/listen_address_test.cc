#include "common/net/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow::net {
namespace {

using ::testing::HasSubstr;

TEST(ListenAddressTest, ReadsBothFamiliesAndLocalhost) {
  EXPECT_THAT(ParseListenAddress("127.0.0.1:50051"),
              IsOkAndHolds(ListenAddress{"127.0.0.1", 50051, false}));
  EXPECT_THAT(ParseListenAddress("[::1]:9464"), IsOkAndHolds(ListenAddress{"::1", 9464, true}));
  EXPECT_THAT(ParseListenAddress("localhost:0"),
              IsOkAndHolds(ListenAddress{"127.0.0.1", 0, false}));
  EXPECT_EQ(ParseListenAddress("[::]:1")->ToString(), "[::]:1");
}

TEST(ListenAddressTest, RefusesWhatWouldListenElsewhereThanMeant) {
  for (const char* text :
       {"", "50051", ":50051", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:1x", "::1:80", "[127.0.0.1]:80", "example.com:80", "1.2.3:80", "unix:/tmp/x"}) {
    EXPECT_THAT(ParseListenAddress(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected IP:PORT")))
        << text;
  }
}

TEST(ListenAddressTest, APortInUseIsNamed) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  const ListenAddress taken{"127.0.0.1", ntohs(address.sin_port), false};
  EXPECT_THAT(CheckCanListen(taken), StatusIs(absl::StatusCode::kUnavailable,
                                              taken.ToString() + " is in use by another process"));
  close(fd);
  EXPECT_THAT(CheckCanListen(taken), IsOk());
  EXPECT_THAT(
      CheckCanListen({"192.0.2.1", 50051, false}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not an address of this machine")));
}

}  // namespace
}  // namespace orderflow::net
