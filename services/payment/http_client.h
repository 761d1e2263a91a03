#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/callback.h"

namespace orderflow::payment {

struct HttpRequest {
  std::string method = "POST";  // POST or GET
  std::string url;
  std::vector<std::string> headers;  // "Name: value"; may hold secrets
  std::string body;                  // of POST
};

struct HttpResponse {
  int status = 0;
  std::string body;
  bool replayed = false;  // the header Idempotent-Replayed: true
};

// HTTP and HTTPS over libcurl: one thread carries all requests, connections are kept and used
// again, certificates and host names are verified, redirects are not followed. Never logs and never
// puts a URL's or a header's content into a status.
//
// Thread-safe. The destructor ends requests that are under way with UNAVAILABLE.
class HttpClient {
 public:
  struct Options {
    absl::Duration timeout = absl::Seconds(20);  // of a request, connecting included
    absl::Duration connect_timeout = absl::Seconds(10);
    std::string
        ca_file;  // PEM, with the authorities that servers are verified by; empty: the system's
    size_t max_response_bytes = 1 << 20;
    int max_connections = 32;  // to one host; more requests wait
  };

  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends, and hands over whatever the server answers, errors of HTTP included. UNAVAILABLE: no
  // answer, or too large a one; the server may or may not have acted. `done` runs on the client's
  // thread and must not block.
  void Send(HttpRequest request, Callback<HttpResponse> done);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

// `text` as a value of application/x-www-form-urlencoded or of a URL's query.
std::string UrlEncode(std::string_view text);

}  // namespace orderflow::payment
