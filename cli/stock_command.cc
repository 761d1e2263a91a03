#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/order/currency.h"
#include "orderflow/inventory/v1/inventory.pb.h"

namespace orderflow::cli {
namespace {

using inventory::v1::Stock;

constexpr char kService[] = "/orderflow.inventory.v1.InventoryService/";

void PrintStock(Session& session, const google::protobuf::RepeatedPtrField<Stock>& products) {
  Table table({{"PRODUCT"},
               {"AVAILABLE", Table::Align::kRight},
               {"RESERVED", Table::Align::kRight},
               {"PRICE", Table::Align::kRight},
               {"CHANGED"}});
  for (const Stock& stock : products) {
    table.AddRow({stock.product_id(), absl::StrCat(stock.available_quantity()),
                  absl::StrCat(stock.reserved_quantity()),
                  order::FormatAmount(stock.unit_price_minor(), stock.currency()),
                  FormatTimestamp(stock.update_time())});
  }
  session.out() << table.ToString();
}

ExitCode List(Session& session) {
  inventory::v1::ListStockRequest request;
  request.set_page_size(1000);
  inventory::v1::ListStockResponse all;
  do {
    inventory::v1::ListStockResponse page;
    const absl::Status status =
        session.CallInventory(absl::StrCat(kService, "ListStock"), request, page);
    if (!status.ok()) return session.Fail(status);
    all.mutable_stock()->MergeFrom(page.stock());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (session.json) {
    session.PrintJson(all);
  } else {
    PrintStock(session, all.stock());
  }
  return ExitCode::kOk;
}

struct SetFlags {
  std::string product_id;
  int64_t available = 0;
  std::optional<int64_t> unit_price_minor;
  std::optional<std::string> currency;
};

ExitCode Set(Session& session, const SetFlags& flags) {
  inventory::v1::SetStockRequest request;
  request.set_product_id(flags.product_id);
  request.set_available_quantity(flags.available);
  if (flags.unit_price_minor) request.set_unit_price_minor(*flags.unit_price_minor);
  if (flags.currency) request.set_currency(*flags.currency);
  inventory::v1::SetStockResponse response;
  const absl::Status status =
      session.CallInventory(absl::StrCat(kService, "SetStock"), request, response);
  if (!status.ok()) return session.Fail(status);
  if (session.json) {
    session.PrintJson(response.stock());
  } else {
    google::protobuf::RepeatedPtrField<Stock> products;
    *products.Add() = response.stock();
    PrintStock(session, products);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddStockCommands(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("stock", "Read and set stock and prices");
  command->require_subcommand(1);

  CLI::App* list = command->add_subcommand("list", "List all products with stock and price");
  list->footer("Example:\n  orderflow stock list");
  list->callback([&session] { session.action = [&session] { return List(session); }; });

  auto flags = std::make_shared<SetFlags>();
  CLI::App* set =
      command->add_subcommand("set", "Set what of a product can be sold, and its price");
  set->add_option("product_id", flags->product_id, "The product's id; a new one is created")
      ->required();
  set->add_option("available", flags->available, "How many can be reserved from now on")
      ->required();
  set->add_option("--price", flags->unit_price_minor,
                  "The price of one in the currency's smallest unit, 1999 for 19.99 EUR; a new "
                  "product needs it");
  set->add_option("--currency", flags->currency,
                  "ISO 4217 code, such as EUR; a new product needs it");
  set->footer(
      "Examples:\n  orderflow stock set sku-001 100\n  orderflow stock set sku-009 5 --price 1999 "
      "--currency EUR");
  set->callback(
      [&session, flags] { session.action = [&session, flags] { return Set(session, *flags); }; });
}

}  // namespace orderflow::cli
