#pragma once

// For tests: a port of 127.0.0.1 that stays the test's while nobody listens on it.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "common/base/check.h"

namespace orderflow::net {

// Has a port for as long as it lives: the system gives it to nobody else who wants any. Connections
// to it are refused, until the test (or a program that it starts) listens there: like all servers
// here, under SO_REUSEADDR.
class TestPort {
 public:
  TestPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ORDERFLOW_CHECK(fd_ >= 0);
    const int on = 1;
    ORDERFLOW_CHECK(setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    ORDERFLOW_CHECK(bind(fd_, any, size) == 0);
    ORDERFLOW_CHECK(getsockname(fd_, any, &size) == 0);
    number_ = ntohs(address.sin_port);
  }
  ~TestPort() { close(fd_); }
  TestPort(const TestPort&) = delete;
  TestPort& operator=(const TestPort&) = delete;

  int number() const { return number_; }
  // "127.0.0.1:40001"
  std::string address() const { return "127.0.0.1:" + std::to_string(number_); }

 private:
  const int fd_;
  int number_ = 0;
};

}  // namespace orderflow::net
