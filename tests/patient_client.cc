// Constant load by clients that do not give up: places orders until standard input ends, and
// repeats an order, under its id, for as long as nobody answers (UNAVAILABLE; CANCELLED by a server
// that goes down). Prints what became of them as one JSON object.
//
//   patient_client TARGET PREFIX CLIENTS
//
// Each client places one order after the other; the ids are PREFIX-CLIENT-N. Every hundredth order
// has a charge that takes seconds, so that there is always something under way.

#include <grpcpp/client_context.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/json/value.h"
#include "common/rpc/channel.h"
#include "orderflow/order/v1/order.grpc.pb.h"

namespace orderflow {
namespace {

using order::v1::OrderService;

constexpr int kSlowEvery = 100;
constexpr absl::Duration kPause = absl::Milliseconds(100);  // before an order is repeated

struct Tally {
  int64_t confirmed = 0;
  int64_t failed = 0;
  int64_t repeated = 0;
  std::string first_failure;
  std::vector<absl::Duration> latencies;  // of the confirmed ones, repetitions included

  void Fail(std::string how) {
    if (failed++ == 0) first_failure = std::move(how);
  }
  void Add(Tally other) {
    confirmed += other.confirmed;
    failed += other.failed;
    repeated += other.repeated;
    if (first_failure.empty()) first_failure = std::move(other.first_failure);
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
  }
};

class Client {
 public:
  Client(std::shared_ptr<grpc::Channel> channel, std::string prefix)
      : stub_(OrderService::NewStub(std::move(channel))), prefix_(std::move(prefix)) {}

  void PlaceOrdersUntil(const std::atomic<bool>& ended) {
    for (int64_t number = 0; !ended; ++number) PlaceOrder(number);
  }
  const Tally& tally() const { return tally_; }

 private:
  void PlaceOrder(int64_t number) {
    order::v1::PlaceOrderRequest request;
    request.set_order_id(absl::StrCat(prefix_, "-", number));
    request.set_product_id("rolling-product");
    request.set_quantity(1);
    request.set_customer_email("rolling@example.com");
    if (number % kSlowEvery == 0) request.set_payment_token("tok_slow");
    const absl::Time start = absl::Now();
    order::v1::PlaceOrderResponse response;
    const grpc::Status status = Ask(request, response);
    const order::v1::Order& order = response.order();
    if (!status.ok()) {
      tally_.Fail(absl::StrCat(request.order_id(), ": code ", status.error_code(), ": ",
                               status.error_message()));
    } else if (order.outcome() != order::v1::OUTCOME_CONFIRMED) {
      tally_.Fail(absl::StrCat(request.order_id(), ": ", order::v1::Outcome_Name(order.outcome()),
                               ": ", order.cause()));
    } else {
      ++tally_.confirmed;
      tally_.latencies.push_back(absl::Now() - start);
    }
  }

  grpc::Status Ask(const order::v1::PlaceOrderRequest& request,
                   order::v1::PlaceOrderResponse& response) {
    while (true) {
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
      const grpc::Status status = stub_->PlaceOrder(&context, request, &response);
      const bool again = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                         status.error_code() == grpc::StatusCode::CANCELLED;
      if (!again) return status;
      ++tally_.repeated;
      absl::SleepFor(kPause);
    }
  }

  const std::unique_ptr<OrderService::Stub> stub_;
  const std::string prefix_;
  Tally tally_;
};

std::string ToJson(Tally tally) {
  std::sort(tally.latencies.begin(), tally.latencies.end());
  const auto millis = [&](double quantile) {
    if (tally.latencies.empty()) return 0.0;
    const auto at = static_cast<size_t>(quantile * static_cast<double>(tally.latencies.size() - 1));
    return absl::ToDoubleMilliseconds(tally.latencies[at]);
  };
  return json::Serialize(json::Value::Object({{"confirmed", tally.confirmed},
                                              {"failed", tally.failed},
                                              {"repeated", tally.repeated},
                                              {"first_failure", tally.first_failure},
                                              {"median_ms", millis(0.5)},
                                              {"p99_ms", millis(0.99)},
                                              {"longest_ms", millis(1)}}));
}

int Run(const std::string& target, const std::string& prefix, int count) {
  const auto channel = rpc::MakeChannel(target);
  if (!channel.ok()) {
    std::cerr << channel.status() << "\n";
    return 1;
  }
  std::atomic<bool> ended = false;
  std::deque<Client> clients;  // never moved
  for (int i = 0; i < count; ++i) clients.emplace_back(*channel, absl::StrCat(prefix, "-", i));
  std::vector<std::thread> threads;
  for (Client& client : clients) {
    threads.emplace_back([&] { client.PlaceOrdersUntil(ended); });
  }
  for (std::string line; std::getline(std::cin, line);) {
  }
  ended = true;
  Tally all;
  for (int i = 0; i < count; ++i) {
    threads[static_cast<size_t>(i)].join();
    all.Add(clients[static_cast<size_t>(i)].tally());
  }
  std::cout << ToJson(std::move(all)) << std::endl;
  return 0;
}

}  // namespace
}  // namespace orderflow

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: patient_client TARGET PREFIX CLIENTS\n";
    return 2;
  }
  return orderflow::Run(argv[1], argv[2], std::atoi(argv[3]));
}
