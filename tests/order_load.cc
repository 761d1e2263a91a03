// Load for the crash test: places orders until the orchestrator goes away (or the time is over) and
// writes down the id of each order that was acknowledged, so that the test knows what must not be
// lost.
//
//   order_load ADDRESS PREFIX SECONDS IN_FLIGHT ACKNOWLEDGED_FILE
//
// Four kinds of orders, told apart by their ids: PREFIX-submit-N and PREFIX-place-N go well,
// PREFIX-declined-N has a card that is declined, PREFIX-lost-N one whose charge is made while its
// answer is lost. The same PREFIX again places the same orders again.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/closed_loop.h"
#include "bench/workloads.h"

namespace orderflow {
namespace {

struct Kind {
  std::string name;
  std::string payment_token;
  bool wait_for_outcome;
};

// Appends each line with one write, so that none is torn when this process is ended.
class AcknowledgedFile {
 public:
  explicit AcknowledgedFile(const char* path)
      : file_(open(path, O_WRONLY | O_CREAT | O_APPEND, 0644)) {}
  ~AcknowledgedFile() { close(file_); }
  bool is_open() const { return file_ >= 0; }

  void Append(const std::string& order_id) {
    const std::string line = order_id + "\n";
    if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

 private:
  const int file_;
};

bench::LoadResult PlaceOrders(const Kind& kind, const std::string& address,
                              const bench::LoadOptions& load) {
  bench::OrderTemplate order;
  order.product_id = "crash-product";
  order.customer_email = "crash@example.com";
  order.payment_token = kind.payment_token;
  const std::unique_ptr<bench::Workload> workload = kind.wait_for_outcome
                                                        ? bench::NewPlaceOrder(address, order, {})
                                                        : bench::NewSubmitOrder(address, order, {});
  return bench::RunClosedLoop(*workload, load);
}

int Run(const std::string& address, const std::string& prefix, double seconds, int in_flight,
        const char* path) {
  AcknowledgedFile acknowledged(path);
  if (!acknowledged.is_open()) return 1;
  const std::vector<Kind> kinds = {{"submit", "", false},
                                   {"place", "", true},
                                   {"declined", "tok_declined", false},
                                   {"lost", "tok_error_after", false}};
  std::vector<std::thread> threads;
  for (const Kind& kind : kinds) {
    threads.emplace_back([&] {
      bench::LoadOptions load;
      // The outcome of a charge whose answer is lost takes seconds: few of those.
      load.in_flight = kind.name == "lost" ? 1 : in_flight;
      load.max_orders = kind.name == "lost" ? 5 : 0;
      load.length = absl::Seconds(seconds);
      load.id_prefix = absl::StrCat(prefix, "-", kind.name, "-");
      load.stop_at_failure = true;
      load.on_success = [&acknowledged](const std::string& order_id) {
        acknowledged.Append(order_id);
      };
      PlaceOrders(kind, address, load);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace orderflow

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: order_load ADDRESS PREFIX SECONDS IN_FLIGHT ACKNOWLEDGED_FILE\n";
    return 2;
  }
  return orderflow::Run(argv[1], argv[2], std::atof(argv[3]), std::atoi(argv[4]), argv[5]);
}
