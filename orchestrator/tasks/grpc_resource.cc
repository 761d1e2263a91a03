#include "orchestrator/tasks/grpc_resource.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"

namespace orderflow::tasks {
namespace {

constexpr std::string_view kDns = "dns://";
constexpr std::string_view kForTaskToken = ".waitForTaskToken";
constexpr size_t kMaxBytes = 1024;
constexpr size_t kMaxHostBytes = 253;  // of a DNS name
constexpr size_t kMaxLabelBytes = 63;

absl::Status Error(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(Quote(text, 200), ": ", std::string(what),
                   "; expected grpc://host:port/package.Service/Method (or grpcs:// for TLS)"));
}

bool ConsumeSuffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || text.substr(text.size() - suffix.size()) != suffix)
    return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// A name of Protobuf: a letter or underscore, then digits, too.
bool IsIdentifier(std::string_view text) {
  if (text.empty() || absl::ascii_isdigit(text.front())) return false;
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

bool IsQualifiedName(std::string_view text) {
  while (true) {
    const size_t dot = text.find('.');
    if (!IsIdentifier(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// Letters, digits, `-` and `_` between dots: names in DNS, in a Kubernetes cluster and of
// containers; also IPv4.
bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  size_t label = 0;
  for (char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if ((absl::ascii_isalnum(c) || c == '-' || c == '_') && label < kMaxLabelBytes) {
      ++label;
    } else {
      return false;
    }
  }
  return true;
}

bool IsIpv4(std::string_view address) {
  in_addr parsed;
  return inet_pton(AF_INET, std::string(address).c_str(), &parsed) == 1;
}

bool IsIpv6(std::string_view address) {
  in6_addr parsed;
  return inet_pton(AF_INET6, std::string(address).c_str(), &parsed) == 1;
}

std::optional<std::string> CheckPort(std::string_view port) {
  int number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool whole = !port.empty() && error == std::errc() && end == port.data() + port.size();
  if (whole && number >= 1 && number <= 65535) return std::nullopt;
  return absl::StrCat("port ", Quote(port), " is not a number from 1 to 65535");
}

// What is wrong with "host:port" or "[v6]:port".
std::optional<std::string> CheckAddress(std::string_view address) {
  if (address.find('@') != std::string_view::npos) return "credentials have no place in a resource";
  if (!address.empty() && address.front() == '[') {
    const size_t close = address.find(']');
    if (close == std::string_view::npos) return "'[' without ']'";
    if (!IsIpv6(address.substr(1, close - 1))) {
      return absl::StrCat(Quote(address.substr(1, close - 1)), " is not an IPv6 address");
    }
    if (address.substr(close + 1, 1) != ":") return "the port is missing";
    return CheckPort(address.substr(close + 2));
  }
  const size_t colon = address.find(':');
  const std::string_view host = address.substr(0, colon);
  if (host.empty()) return "the host is missing";
  if (IsIpv6(address)) return "an IPv6 address needs brackets and a port, such as [::1]:50052";
  if (!IsHostName(host)) return absl::StrCat(Quote(host), " is not a host name");
  if (colon == std::string_view::npos) return "the port is missing";
  return CheckPort(address.substr(colon + 1));
}

// What is wrong with the name server of "dns://IP:PORT/host:port".
std::optional<std::string> CheckNameServer(std::string_view server) {
  const bool is_ip = server.substr(0, 1) == "[" || IsIpv4(server.substr(0, server.find(':')));
  if (!is_ip || CheckAddress(server).has_value()) {
    return absl::StrCat("name server ", Quote(server), " is not an IP address and a port",
                        ", such as dns://10.0.0.10:53/host:port or dns:///host:port for none");
  }
  return std::nullopt;
}

// Host names do not tell case apart, but connections are shared by name.
std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

}  // namespace

std::string GrpcResource::target() const {
  return address.rfind(kDns, 0) == 0 ? address : absl::StrCat("dns:///", address);
}

absl::StatusOr<GrpcResource> ParseGrpcResource(std::string_view text) {
  if (text.size() > kMaxBytes)
    return Error(text, absl::StrCat("longer than ", kMaxBytes, " characters"));
  GrpcResource resource;
  std::string_view rest = text;
  resource.tls = ConsumePrefix(rest, "grpcs://");
  if (!resource.tls && !ConsumePrefix(rest, "grpc://")) return Error(text, "not a gRPC resource");
  std::string_view name_server;
  if (ConsumePrefix(rest, kDns)) {
    const size_t slash = rest.find('/');
    name_server = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    const auto problem = name_server.empty() ? std::nullopt : CheckNameServer(name_server);
    if (problem.has_value()) return Error(text, *problem);
  }
  const size_t first = rest.find('/');
  const std::string_view address = rest.substr(0, first);
  if (const auto problem = CheckAddress(address)) return Error(text, *problem);
  if (first == std::string_view::npos) return Error(text, "service and method are missing");
  const std::string_view path = rest.substr(first + 1);
  const size_t second = path.find('/');
  const std::string_view service = path.substr(0, second);
  if (!IsQualifiedName(service))
    return Error(text, absl::StrCat(Quote(service), " is not the name of a service"));
  if (second == std::string_view::npos) return Error(text, "the method is missing");
  std::string_view method = path.substr(second + 1);
  resource.waits_for_token = ConsumeSuffix(method, kForTaskToken);
  if (!IsIdentifier(method))
    return Error(text, absl::StrCat(Quote(method), " is not the name of a method"));
  resource.address = Lower(address);
  if (!name_server.empty())
    resource.address = absl::StrCat("dns://", Lower(name_server), "/", resource.address);
  resource.service = service;
  resource.method = method;
  return resource;
}

}  // namespace orderflow::tasks
