#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/table.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::cli {
namespace {

using order::v1::Order;

constexpr char kService[] = "/orderflow.order.v1.OrderService/";

std::string OutcomeName(order::v1::Outcome outcome) {
  return WithoutPrefix(order::v1::Outcome_Name(outcome), "OUTCOME_");
}

ExitCode ExitCodeFor(const Order& order) {
  switch (order.outcome()) {
    case order::v1::OUTCOME_CONFIRMED:
      return ExitCode::kOk;
    case order::v1::OUTCOME_IN_PROGRESS:
      return ExitCode::kInProgress;
    default:
      return ExitCode::kNotConfirmed;
  }
}

// How it ended, in one line, and what to do where that is not plain.
void PrintOutcome(Session& session, const Order& order) {
  std::ostream& out = session.out();
  out << "Order " << Printable(order.order_id()) << ": " << OutcomeName(order.outcome());
  if (order.has_finish_time()) {
    out << " after " << FormatLength(ToTime(order.finish_time()) - ToTime(order.create_time()));
  }
  out << "\n";
  if (!order.failed_state().empty()) {
    out << "  failed in " << Printable(order.failed_state()) << ": " << Printable(order.error())
        << "\n";
  }
  if (!order.cause().empty()) out << "  cause: " << Printable(order.cause()) << "\n";
  if (order.outcome() == order::v1::OUTCOME_IN_PROGRESS) {
    out << "  it goes on; follow it with: orderflow order watch " << Printable(order.order_id())
        << "\n";
  }
}

void PrintDetails(Session& session, const Order& order) {
  PrintOutcome(session, order);
  session.out() << "  product:   " << Printable(order.product_id()) << " x " << order.quantity()
                << "\n"
                << "  mail to:   " << Printable(order.customer_email()) << "\n"
                << "  placed:    " << FormatTimestamp(order.create_time()) << "\n"
                << "  execution: " << Printable(order.execution_arn()) << "\n";
  if (!order.result().empty())
    session.out() << "  result:    " << Printable(order.result()) << "\n";
}

// Follows an order to its end, showing its progress; answers it as of the last event.
absl::StatusOr<Order> Follow(Session& session, const std::string& order_id) {
  Order last;
  Progress progress(session.out(), session.out_is_terminal());
  const absl::Status status = session.orchestrator().WatchOrder(
      order_id, session.timeout(), [&](const order::v1::WatchOrderResponse& event) {
        if (event.has_order()) last = event.order();
        progress.OnEvent(event);
      });
  // When the time to wait is over the order itself is fine.
  if (absl::IsDeadlineExceeded(status) && !last.order_id().empty()) return last;
  if (!status.ok()) return status;
  return last;
}

// --- place ---

struct PlaceFlags {
  std::string order;  // JSON text, @file, "-", or empty
  std::optional<std::string> order_id;
  std::optional<std::string> product_id;
  std::optional<int32_t> quantity;
  std::optional<std::string> customer_email;
  std::optional<std::string> payment_token;
  bool no_wait = false;
};

// The text that `order` names: itself, a file's or standard input's.
absl::StatusOr<std::string> ReadOrderText(const std::string& order) {
  if (order == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  if (order.empty() || order[0] != '@') return order;
  std::ifstream file(order.substr(1), std::ios::binary);
  if (!file)
    return absl::InvalidArgumentError(absl::StrCat("cannot read the order from ", order.substr(1)));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

absl::StatusOr<order::v1::PlaceOrderRequest> BuildRequest(const PlaceFlags& flags) {
  order::v1::PlaceOrderRequest request;
  const absl::StatusOr<std::string> text = ReadOrderText(flags.order);
  if (!text.ok()) return text.status();
  if (!flags.order.empty()) {
    const auto parsed = google::protobuf::util::JsonStringToMessage(*text, &request);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the order is not the JSON of a PlaceOrderRequest: ", parsed.message().as_string()));
    }
  }
  if (flags.order_id) request.set_order_id(*flags.order_id);
  if (flags.product_id) request.set_product_id(*flags.product_id);
  if (flags.quantity) request.set_quantity(*flags.quantity);
  if (flags.customer_email) request.set_customer_email(*flags.customer_email);
  if (flags.payment_token) request.set_payment_token(*flags.payment_token);
  return request;
}

order::v1::SubmitOrderRequest ToSubmit(const order::v1::PlaceOrderRequest& place) {
  order::v1::SubmitOrderRequest submit;
  submit.set_order_id(place.order_id());
  submit.set_product_id(place.product_id());
  submit.set_quantity(place.quantity());
  submit.set_customer_email(place.customer_email());
  submit.set_payment_token(place.payment_token());
  return submit;
}

ExitCode PlaceAndWait(Session& session, const order::v1::PlaceOrderRequest& request) {
  order::v1::PlaceOrderResponse response;
  const absl::Status status = session.Call(absl::StrCat(kService, "PlaceOrder"), request, response);
  if (!status.ok()) return session.Fail(status);
  session.PrintJson(response.order());
  return ExitCodeFor(response.order());
}

ExitCode Place(Session& session, const PlaceFlags& flags) {
  const absl::StatusOr<order::v1::PlaceOrderRequest> request = BuildRequest(flags);
  if (!request.ok()) return session.Fail(ExitCode::kUsage, std::string(request.status().message()));
  if (session.json && !flags.no_wait) return PlaceAndWait(session, *request);

  order::v1::SubmitOrderResponse response;
  const absl::Status status =
      session.Call(absl::StrCat(kService, "SubmitOrder"), ToSubmit(*request), response);
  if (!status.ok()) return session.Fail(status);
  if (flags.no_wait) {
    if (session.json) {
      session.PrintJson(response.order());
    } else {
      PrintOutcome(session, response.order());
    }
    return ExitCode::kOk;
  }
  const absl::StatusOr<Order> order = Follow(session, request->order_id());
  if (!order.ok()) return session.Fail(order.status());
  PrintOutcome(session, *order);
  return ExitCodeFor(*order);
}

void AddPlace(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<PlaceFlags>();
  CLI::App* command = parent.add_subcommand("place", "Place an order and follow it to its outcome");
  command->add_option("order", flags->order, "The order as JSON, @FILE, or - for standard input");
  command->add_option("--id", flags->order_id,
                      "The order's id: placing the same order again answers the same");
  command->add_option("--product", flags->product_id, "What is ordered");
  command->add_option("--quantity", flags->quantity, "How many, 1 to 1,000,000");
  command->add_option("--email", flags->customer_email, "Where the confirmation goes");
  command->add_option(
      "--payment-token", flags->payment_token,
      "What the payment provider knows the card by; the simulated one declines tok_declined");
  command->add_flag("--no-wait", flags->no_wait, "Return as soon as the order is durably accepted");
  command->footer(
      "Examples:\n"
      "  orderflow order place --id 12345 --product sku-001 --quantity 1 --email user@example.com\n"
      "  orderflow order place "
      "'{\"order_id\":\"12345\",\"product_id\":\"sku-001\",\"quantity\":1,\"customer_email\":"
      "\"user@example.com\"}'\n"
      "  orderflow order place @order.json --json\n"
      "Exit status: 0 confirmed, 1 failed, 7 still in progress after --timeout.");
  command->callback(
      [&session, flags] { session.action = [&session, flags] { return Place(session, *flags); }; });
}

// --- get, watch, list ---

ExitCode Get(Session& session, const std::string& order_id) {
  order::v1::GetOrderRequest request;
  request.set_order_id(order_id);
  order::v1::GetOrderResponse response;
  const absl::Status status = session.Call(absl::StrCat(kService, "GetOrder"), request, response);
  if (!status.ok()) return session.Fail(status);
  if (session.json) {
    session.PrintJson(response.order());
  } else {
    PrintDetails(session, response.order());
  }
  return ExitCode::kOk;
}

void AddGet(CLI::App& parent, Session& session) {
  auto order_id = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("get", "Show an order as it is now");
  command->add_option("order_id", *order_id, "The order's id")->required();
  command->footer("Example:\n  orderflow order get 12345");
  command->callback([&session, order_id] {
    session.action = [&session, order_id] { return Get(session, *order_id); };
  });
}

ExitCode Watch(Session& session, const std::string& order_id) {
  if (!session.json) {
    const absl::StatusOr<Order> order = Follow(session, order_id);
    if (!order.ok()) return session.Fail(order.status());
    PrintOutcome(session, *order);
    return ExitCodeFor(*order);
  }
  Order last;
  const absl::Status status = session.orchestrator().WatchOrder(
      order_id, session.timeout(), [&](const order::v1::WatchOrderResponse& event) {
        if (event.has_order()) last = event.order();
        session.PrintJsonLine(event);
      });
  if (!status.ok()) return session.Fail(status);
  return ExitCodeFor(last);
}

void AddWatch(CLI::App& parent, Session& session) {
  auto order_id = std::make_shared<std::string>();
  CLI::App* command =
      parent.add_subcommand("watch", "Follow an order, from its start to its outcome");
  command->add_option("order_id", *order_id, "The order's id")->required();
  command->footer("Example:\n  orderflow order watch 12345\nExit status: as of `order place`.");
  command->callback([&session, order_id] {
    session.action = [&session, order_id] { return Watch(session, *order_id); };
  });
}

struct ListFlags {
  std::string outcome;
  int limit = 50;
};

absl::StatusOr<order::v1::ListOrdersResponse> ReadOrders(Session& session, const ListFlags& flags) {
  constexpr int kLargestPage = 1000;
  order::v1::ListOrdersRequest request;
  if (!flags.outcome.empty()) {
    order::v1::Outcome outcome = order::v1::OUTCOME_UNSPECIFIED;
    if (!order::v1::Outcome_Parse(absl::StrCat("OUTCOME_", absl::AsciiStrToUpper(flags.outcome)),
                                  &outcome)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--outcome ", flags.outcome,
          ": expected one of in_progress, confirmed, inventory_failed, payment_failed, failed"));
    }
    request.set_outcome(outcome);
  }
  order::v1::ListOrdersResponse all;
  do {
    const int wanted = flags.limit > 0 ? flags.limit - all.orders_size() : kLargestPage;
    request.set_page_size(std::min(wanted, kLargestPage));
    order::v1::ListOrdersResponse page;
    const absl::Status status = session.Call(absl::StrCat(kService, "ListOrders"), request, page);
    if (!status.ok()) return status;
    all.mutable_orders()->MergeFrom(page.orders());
    all.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
  } while (!all.next_page_token().empty() && (flags.limit <= 0 || all.orders_size() < flags.limit));
  return all;
}

void PrintOrders(Session& session, const order::v1::ListOrdersResponse& orders) {
  Table table({{"ORDER"},
               {"PRODUCT"},
               {"QUANTITY", Table::Align::kRight},
               {"OUTCOME"},
               {"FAILED IN"},
               {"PLACED"},
               {"TOOK", Table::Align::kRight}});
  for (const Order& order : orders.orders()) {
    table.AddRow({order.order_id(), order.product_id(), absl::StrCat(order.quantity()),
                  OutcomeName(order.outcome()), order.failed_state(),
                  FormatTimestamp(order.create_time()),
                  order.has_finish_time()
                      ? FormatLength(ToTime(order.finish_time()) - ToTime(order.create_time()))
                      : ""});
  }
  session.out() << table.ToString();
  if (!orders.next_page_token().empty()) session.out() << "There are more; see --limit.\n";
}

ExitCode List(Session& session, const ListFlags& flags) {
  const absl::StatusOr<order::v1::ListOrdersResponse> orders = ReadOrders(session, flags);
  if (!orders.ok()) return session.Fail(orders.status());
  if (session.json) {
    session.PrintJson(*orders);
  } else {
    PrintOrders(session, *orders);
  }
  return ExitCode::kOk;
}

void AddList(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command = parent.add_subcommand("list", "List orders, newest first");
  command->add_option(
      "--outcome", flags->outcome,
      "Only in_progress, confirmed, inventory_failed, payment_failed or failed ones");
  command->add_option("--limit", flags->limit, "At most so many; 0: all")->capture_default_str();
  command->footer("Example:\n  orderflow order list --outcome failed --limit 0");
  command->callback(
      [&session, flags] { session.action = [&session, flags] { return List(session, *flags); }; });
}

}  // namespace

void AddOrderCommands(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("order", "Place, follow and list orders");
  command->require_subcommand(1);
  AddPlace(*command, session);
  AddGet(*command, session);
  AddWatch(*command, session);
  AddList(*command, session);
}

}  // namespace orderflow::cli
