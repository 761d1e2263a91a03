#pragma once

// For tests: an HTTP/1.1 server on this machine whose answers the test gives, good and bad.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace orderflow::http {

// Listens on a free port of 127.0.0.1. Each connection has a thread of its own, which calls the
// handler; a handler that waits holds up its own connection only. The destructor cuts all
// connections and waits for the handlers.
class TestServer {
 public:
  struct Request {
    std::string method;
    std::string target;                          // path and query
    std::map<std::string, std::string> headers;  // by name in lower case
    std::string body;

    // Empty if there is none.
    std::string Header(const std::string& lower_case_name) const;
  };
  struct Answer {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    enum class Delivery {
      kWhole,   // as it should be
      kCut,     // the connection is cut instead
      kSilent,  // nothing comes until the client gives up
    } delivery = Delivery::kWhole;
  };
  using Handler = std::function<Answer(const Request&)>;

  explicit TestServer(Handler handler);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string url() const;  // "http://127.0.0.1:40001"
  // How many have been accepted so far.
  int connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::http
