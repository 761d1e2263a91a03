#include "services/inventory/catalog.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "absl/container/flat_hash_set.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "common/order/order_rules.h"

namespace orderflow::inventory {
namespace {

constexpr size_t kMaxProducts = 100'000;
constexpr size_t kMaxBytes = 16 << 20;
constexpr int64_t kMaxNumber = 1'000'000'000'000;

// The lines on which the objects of depth three begin, which in a catalog are the products. `text`
// is valid JSON.
std::vector<int> LinesOfProducts(std::string_view text) {
  std::vector<int> lines;
  int line = 1;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      if (++depth == 3 && c == '{') lines.push_back(line);
    } else if (!in_string && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return lines;
}

std::optional<std::string> ReadText(const json::Value& product, std::string_view key,
                                    std::string& text) {
  const json::Value* value = product.Find(key);
  if (value == nullptr) return "is required";
  if (!value->IsString()) return "must be a string";
  text = value->AsString();
  return std::nullopt;
}

std::optional<std::string> ReadNumber(const json::Value& product, std::string_view key,
                                      int64_t& number) {
  const json::Value* value = product.Find(key);
  if (value == nullptr) return "is required";
  if (!value->IsInt()) return "must be an integer";
  number = value->AsInt();
  if (number >= 0 && number <= kMaxNumber) return std::nullopt;
  return "is " + std::to_string(number) + "; must be 0 to " + std::to_string(kMaxNumber);
}

// Adds the violations of one product, its fields named from the product on: ".currency".
Product ReadProduct(const json::Value& value, std::vector<FieldViolation>& violations) {
  Product product;
  const auto add = [&](const char* field, std::optional<std::string> found) {
    order::AddViolation(field, std::move(found), violations);
  };
  std::optional<std::string> found = ReadText(value, "product_id", product.product_id);
  add(".product_id", found.has_value() ? found : order::CheckProductId(product.product_id));
  add(".available_quantity", ReadNumber(value, "available_quantity", product.available));
  add(".unit_price_minor", ReadNumber(value, "unit_price_minor", product.unit_price_minor));
  found = ReadText(value, "currency", product.currency);
  add(".currency", found.has_value() ? found : order::CheckCurrency(product.currency));
  for (const json::Member& member : value.AsMembers()) {
    if (member.key != "product_id" && member.key != "available_quantity" &&
        member.key != "unit_price_minor" && member.key != "currency") {
      violations.push_back({"." + member.key, "is not a member of a product"});
    }
  }
  return product;
}

// Collects what is wrong with a catalog, each with its place.
class CatalogReader {
 public:
  CatalogReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  absl::StatusOr<std::vector<Product>> Read() {
    const json::ParseResult parsed = json::Parse(text_, {.max_bytes = kMaxBytes, .max_depth = 16});
    if (parsed.error.has_value()) {
      return absl::InvalidArgumentError(name_ + ":" + std::to_string(parsed.error->line) + ":" +
                                        std::to_string(parsed.error->column) + ": " +
                                        parsed.error->message);
    }
    const json::Value* products = parsed.value->Find("products");
    if (products == nullptr || !products->IsArray()) {
      return absl::InvalidArgumentError(name_ + ":1: must be an object with an array \"products\"");
    }
    for (const json::Member& member : parsed.value->AsMembers()) {
      if (member.key != "products")
        Complain(1, Quote(member.key) + " is not a member of a catalog");
    }
    return ReadProducts(products->AsArray());
  }

 private:
  absl::StatusOr<std::vector<Product>> ReadProducts(const json::Array& values) {
    if (values.size() > kMaxProducts) {
      Complain(1, "has " + std::to_string(values.size()) + " products; at most " +
                      std::to_string(kMaxProducts) + " are allowed");
    }
    const std::vector<int> lines = LinesOfProducts(text_);
    absl::flat_hash_set<std::string> seen;
    std::vector<Product> products;
    size_t objects = 0;
    for (size_t i = 0; i < values.size() && complaints_ < kMaxComplaints; ++i) {
      const std::string place = "products[" + std::to_string(i) + "]";
      if (!values[i].IsObject()) {
        Complain(objects == 0 ? 1 : lines[objects - 1], place + " must be an object");
        continue;
      }
      const int line = lines[objects++];
      std::vector<FieldViolation> violations;
      products.push_back(ReadProduct(values[i], violations));
      for (const FieldViolation& violation : violations) {
        Complain(line, place + violation.field + ": " + violation.description);
      }
      if (violations.empty() && !seen.insert(products.back().product_id).second) {
        Complain(line,
                 place + ".product_id: " + Quote(products.back().product_id) + " is listed twice");
      }
    }
    if (complaints_ > 0) return absl::InvalidArgumentError(message_);
    return products;
  }

  void Complain(int line, const std::string& what) {
    if (complaints_++ > 0) message_ += "\n";
    message_.append(name_).append(":").append(std::to_string(line)).append(": ").append(what);
  }

  static constexpr int kMaxComplaints = 20;
  const std::string_view text_;
  const std::string& name_;
  std::string message_;
  int complaints_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Product>> ParseCatalog(std::string_view text, const std::string& name) {
  return CatalogReader(text, name).Read();
}

absl::StatusOr<std::vector<Product>> ReadCatalogFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return absl::InvalidArgumentError("--catalog: cannot open " + path + ": " +
                                      std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad() || text.bad()) return absl::UnavailableError("cannot read the catalog " + path);
  return ParseCatalog(text.str(), path);
}

}  // namespace orderflow::inventory
