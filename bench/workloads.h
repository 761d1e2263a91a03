#pragma once

// The two ways of carrying out an order that the benchmark compares.

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "bench/closed_loop.h"

namespace orderflow::bench {

// Where the servers listen, "host:port" each.
struct ServerAddresses {
  std::string orchestrator;
  std::string receive;
  std::string inventory;
  std::string payment;
  std::string email;
};

// What every order of a benchmark looks like, but for its id.
struct OrderTemplate {
  std::string product_id = "bench-product";
  int quantity = 1;
  std::string customer_email = "bench@example.com";
  std::string payment_token;  // empty: the provider's default
};

struct ConnectionOptions {
  int channels =
      2;  // connections to each server; one hot HTTP/2 connection is a bottleneck of its own
  absl::Duration deadline = absl::Seconds(60);  // of each RPC
};

// The floor: hand-written code that calls the four task RPCs of the services in sequence,
// ReceiveOrder, CheckInventory, ChargePayment and SendConfirmationEmail, over the callback API.
// Nothing is remembered and nothing is retried.
std::unique_ptr<Workload> NewDirectCalls(const ServerAddresses& servers, const OrderTemplate& order,
                                         const ConnectionOptions& connection);

// The same orders through OrderService.PlaceOrder: durable, and ended when the answer is there.
std::unique_ptr<Workload> NewPlaceOrder(const std::string& orchestrator, const OrderTemplate& order,
                                        const ConnectionOptions& connection);

// Orders through OrderService.SubmitOrder: ended when they are durably accepted.
std::unique_ptr<Workload> NewSubmitOrder(const std::string& orchestrator,
                                         const OrderTemplate& order,
                                         const ConnectionOptions& connection);

// Executions through WorkflowService.StartExecution: ended when they are durably accepted.
std::unique_ptr<Workload> NewStartExecution(const std::string& orchestrator,
                                            const std::string& state_machine_arn,
                                            const std::string& input,
                                            const ConnectionOptions& connection);

}  // namespace orderflow::bench
