#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace google::protobuf {
class Message;
}
namespace orderflow::order::v1 {
class WatchOrderResponse;
}

namespace orderflow::cli {

// How to reach a server with TLS; plain text unless enabled.
struct TlsSettings {
  bool enabled = false;
  std::string ca_file;      // PEM; empty: the system's certificate authorities
  std::string cert_file;    // PEM; the client's own certificate, for mutual TLS
  std::string key_file;     // PEM; belongs to cert_file
  std::string server_name;  // expected in the server's certificate; empty: the host of the address
};

// A server as a person would speak of it.
struct ServerName {
  std::string name;  // "orchestrator"
  std::string flag;  // the flag that says where it is, "--address"; empty: the command line did
};

// One server's calls, made one at a time. An error that means "not reached" says which address was
// tried and what to do. One thread only.
class Client {
 public:
  Client(ServerName server, std::string address, const TlsSettings& tls);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Calls a unary method, "/orderflow.order.v1.OrderService/PlaceOrder", and waits for the answer
  // until `timeout`.
  absl::Status Call(const std::string& method, const google::protobuf::Message& request,
                    google::protobuf::Message& response, absl::Duration timeout);

  // Follows an order: calls `on_event` for each event until the stream ends. `timeout` is for all
  // of it.
  absl::Status WatchOrder(
      const std::string& order_id, absl::Duration timeout,
      const std::function<void(const order::v1::WatchOrderResponse&)>& on_event);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::cli
