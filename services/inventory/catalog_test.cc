#include "services/inventory/catalog.h"

#include "common/base/test_matchers.h"

namespace orderflow::inventory {
namespace {

using ::testing::HasSubstr;

// The mistake that is found in a catalog.
std::string Mistake(std::string_view text) {
  return std::string(ParseCatalog(text, "shop.json").status().message());
}

TEST(CatalogTest, TheShippedCatalogIsGoodAndHasWhatTheDocumentationOrders) {
  const auto products = ReadCatalogFile("services/inventory/catalog.json");
  ASSERT_THAT(products, IsOk());
  bool plenty = false;
  bool rare = false;
  for (const Product& product : *products) {
    plenty |= product.product_id == "sku-001" && product.available == 1'000'000 &&
              product.unit_price_minor == 1999;
    rare |= product.product_id == "sku-rare" && product.available == 3;
    EXPECT_GT(product.unit_price_minor, 0)
        << product.product_id << ": an order of it could not be charged";
  }
  EXPECT_TRUE(plenty);
  EXPECT_TRUE(rare);
}

TEST(CatalogTest, AnEmptyCatalogIsACatalog) {
  EXPECT_THAT(ParseCatalog(R"({"products": []})", "shop.json"), IsOk());
}

TEST(CatalogTest, AMissingFileIsNamed) {
  EXPECT_THAT(ReadCatalogFile("/nowhere/shop.json"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/nowhere/shop.json")));
}

TEST(CatalogTest, ASyntaxErrorIsNamedWithItsLine) {
  EXPECT_THAT(Mistake("{\"products\": [\n  {\"product_id\": }\n]}"), HasSubstr("shop.json:2:"));
}

TEST(CatalogTest, EveryBadFieldIsNamedWithItsLine) {
  const std::string mistake = Mistake(R"({"products": [
    {"product_id": "a{[\"", "available_quantity": 1, "unit_price_minor": 1, "currency": "EUR"},
    {
      "product_id": "sku-2",
      "available_quantity": -1,
      "unit_price_minor": 19.99,
      "currency": "euro",
      "colour": "red"
    },
    {"product_id": "sku-3"}
  ]})");
  EXPECT_THAT(mistake, HasSubstr("shop.json:2: products[0].product_id: "));
  EXPECT_THAT(mistake,
              HasSubstr("shop.json:3: products[1].available_quantity: is -1; must be 0 to"));
  EXPECT_THAT(mistake, HasSubstr("shop.json:3: products[1].unit_price_minor: must be an integer"));
  EXPECT_THAT(mistake, HasSubstr("shop.json:3: products[1].currency: \"euro\""));
  EXPECT_THAT(mistake, HasSubstr("shop.json:3: products[1].colour: is not a member of a product"));
  EXPECT_THAT(mistake, HasSubstr("shop.json:10: products[2].available_quantity: is required"));
}

TEST(CatalogTest, AProductListedTwiceIsRefused) {
  const std::string mistake = Mistake(R"({"products": [
    {"product_id": "sku-1", "available_quantity": 1, "unit_price_minor": 1, "currency": "EUR"},
    {"product_id": "sku-1", "available_quantity": 2, "unit_price_minor": 1, "currency": "EUR"}
  ]})");
  EXPECT_EQ(mistake, "shop.json:3: products[1].product_id: \"sku-1\" is listed twice");
}

TEST(CatalogTest, WhatIsNoCatalogIsRefused) {
  EXPECT_THAT(Mistake("[]"), HasSubstr("an object with an array \"products\""));
  EXPECT_THAT(Mistake(R"({"products": {}})"), HasSubstr("an object with an array \"products\""));
  EXPECT_THAT(Mistake(R"({"products": [7]})"), HasSubstr("products[0] must be an object"));
  EXPECT_THAT(Mistake(R"({"product": [], "products": []})"),
              HasSubstr("\"product\" is not a member"));
}

}  // namespace
}  // namespace orderflow::inventory
