#include "common/net/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/base/quote.h"

namespace orderflow::net {
namespace {

absl::Status Bad(std::string_view text, const std::string& why) {
  return absl::InvalidArgumentError(
      "listen address " + Quote(text) + " " + why +
      "; expected IP:PORT such as 127.0.0.1:50051, 0.0.0.0:50051 or [::1]:50051");
}

socklen_t ToSocketAddress(const ListenAddress& address, sockaddr_storage& storage) {
  storage = {};
  if (address.ipv6) {
    auto* to = reinterpret_cast<sockaddr_in6*>(&storage);
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.ip.c_str(), &to->sin6_addr);
    return sizeof(sockaddr_in6);
  }
  auto* to = reinterpret_cast<sockaddr_in*>(&storage);
  to->sin_family = AF_INET;
  to->sin_port = htons(address.port);
  inet_pton(AF_INET, address.ip.c_str(), &to->sin_addr);
  return sizeof(sockaddr_in);
}

std::string Reason(int error) {
  switch (error) {
    case EADDRINUSE:
      return "is in use by another process";
    case EACCES:
      return "is not allowed for this user (ports below 1024 need a privilege)";
    case EADDRNOTAVAIL:
      return "is not an address of this machine";
    default:
      return std::string("cannot be listened on: ") + std::strerror(error);
  }
}

}  // namespace

std::string ListenAddress::ToString() const {
  return (ipv6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Bad(text, "has no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return Bad(text, "has a bad port");
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    address.ipv6 = true;
  }
  address.ip = host == "localhost" ? "127.0.0.1" : std::string(host);
  unsigned char bytes[sizeof(in6_addr)];
  if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, address.ip.c_str(), bytes) != 1) {
    return Bad(text, host.empty() ? "has no host" : "has no numeric IP address");
  }
  return address;
}

absl::Status CheckCanListen(const ListenAddress& address) {
  if (address.port == 0) return absl::OkStatus();
  sockaddr_storage storage;
  const socklen_t size = ToSocketAddress(address, storage);
  const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::UnavailableError(address.ToString() + " " + Reason(errno));
  // As servers do, so that a port whose last connections are winding down counts as free.
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  int error = bind(fd, reinterpret_cast<sockaddr*>(&storage), size) == 0 ? 0 : errno;
  if (error == 0 && listen(fd, 1) != 0) error = errno;
  close(fd);
  if (error != 0) return absl::UnavailableError(address.ToString() + " " + Reason(error));
  return absl::OkStatus();
}

}  // namespace orderflow::net
