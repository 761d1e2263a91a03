#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inventory/stock.h"

namespace orderflow::inventory {

// Reads a catalog: what is for sale when a database is used for the first time.
//
//   {
//     "products": [
//       {"product_id": "sku-001", "available_quantity": 100, "unit_price_minor": 1999, "currency":
//       "EUR"}
//     ]
//   }
//
// All four members are required, in the ranges of SetStockRequest; others are refused, so that a
// misspelt one is noticed. At most 100,000 products and 16 MiB.
//
// INVALID_ARGUMENT: the message names the file, the line and the field, as in
//   catalog.json:4: products[1].currency: "euro" is no ISO 4217 code; ...
// NOT_FOUND, UNAVAILABLE: the file cannot be read.
absl::StatusOr<std::vector<Product>> ReadCatalogFile(const std::string& path);

// The same for a text; `name` stands for the file in messages.
absl::StatusOr<std::vector<Product>> ParseCatalog(std::string_view text, const std::string& name);

}  // namespace orderflow::inventory
