#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/callback.h"

namespace orderflow::http {

// Signs requests as AWS asks for it (Signature Version 4). Secrets, but for region and service.
struct AwsSignature {
  std::string region;             // "eu-central-1"
  std::string service;            // "lambda"
  std::string access_key_id;      // "AKIA..."
  std::string secret_access_key;  //
  std::string session_token;      // of temporary credentials; else empty
};

struct Request {
  std::string method = "POST";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"; may hold secrets
  // Of any method but HEAD; with GET none is sent where it is empty.
  std::string body;
  // Instead of the client's.
  std::optional<absl::Duration> timeout;
  // Null: not signed. A signed URL must hold nothing that needs escaping in its path, and at most
  // one, escaped, query parameter: libcurl signs both as they stand.
  std::shared_ptr<const AwsSignature> signature;
};

struct Response {
  int status = 0;
  std::string reason;  // "OK", as the server words the status; HTTP/2 has none
  // In the order of arrival, names as they came.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The first header of this name, upper or lower case; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

// HTTP and HTTPS over libcurl: one thread carries all requests, connections are kept and used
// again, certificates and host names are verified, redirects are not followed. Never logs and never
// puts a URL's or a header's content into a status.
//
// Thread-safe. The destructor ends requests that are under way with UNAVAILABLE.
class Client {
 public:
  struct Options {
    absl::Duration timeout = absl::Seconds(20);  // of a request, from Send to the whole answer
    absl::Duration connect_timeout = absl::Seconds(10);
    // A PEM file with the authorities that servers are verified by. Empty: the system's.
    std::string ca_file;
    size_t max_response_bytes = 1 << 20;  // of the body; headers may have 300 KiB beside it
    int max_connections = 32;             // requests under way at a time; more wait in their order
  };
  // Names a request for as long as the client lives.
  using Ticket = uint64_t;

  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends, and hands over whatever the server answers, errors of HTTP included. UNAVAILABLE: no
  // answer; DEADLINE_EXCEEDED: none in time; RESOURCE_EXHAUSTED: too large a one. Either way the
  // server may or may not have acted. It may even see a request twice: one that finds its kept
  // connection closed, with no byte of an answer, goes over a new one. `done` runs on the client's
  // thread and must not block.
  Ticket Send(Request request, Callback<Response> done);

  // Gives a request up: its connection is closed and `done` is dropped, on the client's thread and
  // soon, unless it has been called by then. No harm for one that has ended.
  void Cancel(Ticket ticket);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

// `text` as a value of application/x-www-form-urlencoded or of a URL's query.
std::string UrlEncode(std::string_view text);
// The reverse: %XX is the byte; all else, `+` included, stays as it is.
std::string UrlDecode(std::string_view text);

}  // namespace orderflow::http
