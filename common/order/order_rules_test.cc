#include "common/order/order_rules.h"

#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::order {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;

OrderFields AnOrder() {
  return {.order_id = "12345",
          .product_id = "sku-001",
          .quantity = 1,
          .customer_email = "user@example.com",
          .payment_token = ""};
}

TEST(ValidateOrderTest, TheSampleOrderIsGood) { EXPECT_THAT(ValidateOrder(AnOrder()), IsEmpty()); }

TEST(ValidateOrderTest, AllViolationsAreReportedInTheOrderOfTheFields) {
  const OrderFields bad = {.order_id = "a/b",
                           .product_id = "",
                           .quantity = 0,
                           .customer_email = "x",
                           .payment_token = "a b"};
  EXPECT_THAT(ValidateOrder(bad), ElementsAre(Field(&FieldViolation::field, "order_id"),
                                              Field(&FieldViolation::field, "product_id"),
                                              Field(&FieldViolation::field, "quantity"),
                                              Field(&FieldViolation::field, "customer_email"),
                                              Field(&FieldViolation::field, "payment_token")));
}

TEST(CheckOrderIdTest, AcceptsUpTo64Characters) {
  EXPECT_EQ(CheckOrderId("A"), std::nullopt);
  EXPECT_EQ(CheckOrderId("0.z_Z-9"), std::nullopt);
  EXPECT_EQ(CheckOrderId(std::string(64, 'a')), std::nullopt);
  EXPECT_THAT(CheckOrderId(std::string(65, 'a')),
              Optional(std::string("has 65 characters; at most 64 are allowed")));
  EXPECT_THAT(CheckOrderId(""), Optional(std::string("is required")));
}

TEST(CheckOrderIdTest, PointsAtTheCharacterThatIsNotAllowed) {
  EXPECT_THAT(
      CheckOrderId("12/45"),
      Optional(std::string("\"12/45\" contains '/' at position 3; allowed are A-Z a-z 0-9 . _ -")));
  EXPECT_THAT(CheckOrderId("a\nb"), Optional(HasSubstr("\"a\\nb\" contains '\\n' at position 2")));
  EXPECT_THAT(CheckOrderId(std::string_view("a\0b", 3)),
              Optional(HasSubstr("'\\x00' at position 2")));
  EXPECT_THAT(CheckOrderId("\xc3\xa9"), Optional(HasSubstr("'\\xc3' at position 1")));
}

TEST(CheckOrderIdTest, MustStartWithALetterOrDigitWhichAProductNeedNot) {
  for (const char* id : {".a", "-a", "_a", ".", ".."}) {
    EXPECT_THAT(CheckOrderId(id), Optional(HasSubstr("must start with a letter or digit"))) << id;
    EXPECT_EQ(CheckProductId(id), std::nullopt) << id;
  }
}

TEST(CheckQuantityTest, IsOneToAMillion) {
  EXPECT_EQ(CheckQuantity(1), std::nullopt);
  EXPECT_EQ(CheckQuantity(1'000'000), std::nullopt);
  EXPECT_THAT(CheckQuantity(0), Optional(std::string("is 0; must be 1 to 1000000")));
  EXPECT_THAT(CheckQuantity(-7), Optional(std::string("is -7; must be 1 to 1000000")));
  EXPECT_THAT(CheckQuantity(1'000'001), Optional(HasSubstr("1000001")));
}

TEST(CheckEmailTest, AcceptsPlainAddresses) {
  for (const char* email : {"user@example.com", "a.b+c@x.y-z.example", "o'hara@example.com",
                            "u@localhost", "!#$%&'*+-/=?^_`{|}~@example.com", "USER@EXAMPLE.COM",
                            "u@xn--bcher-kva.example", "u@1.example", "1@a1"}) {
    EXPECT_EQ(CheckEmail(email), std::nullopt) << email;
  }
  EXPECT_EQ(CheckEmail(std::string(64, 'a') + "@example.com"), std::nullopt);
}

TEST(CheckEmailTest, RefusesWhatIsNoSingleAddress) {
  for (const char* email : {"",
                            "user",
                            "@example.com",
                            "user@",
                            "a@b@c",
                            ".a@example.com",
                            "a.@example.com",
                            "a..b@example.com",
                            "a@.example.com",
                            "a@example.com.",
                            "a@example..com",
                            "a@-x.com",
                            "a@x-.com",
                            "a@x_y.com",
                            "a@[192.0.2.1]",
                            "a@192.0.2.1",
                            "\"a\"@example.com",
                            "a b@example.com",
                            "a@exa mple.com",
                            "a,b@example.com",
                            "<a@example.com>",
                            "A <a@example.com>",
                            "a@example.com,b@example.com",
                            "a(c)@example.com",
                            "a@example.com\n",
                            "a\\b@example.com",
                            "a@example.com\r\nBcc: b@example.com",
                            "a@b@",
                            "@",
                            "a@b;c"}) {
    EXPECT_NE(CheckEmail(email), std::nullopt) << email;
  }
}

TEST(CheckEmailTest, LimitsTheLengths) {
  EXPECT_THAT(CheckEmail(std::string(65, 'a') + "@example.com"),
              Optional(HasSubstr("65 characters before")));
  EXPECT_THAT(CheckEmail("a@" + std::string(64, 'b') + ".com"),
              Optional(HasSubstr("more than 63")));
  std::string longest = "a@";
  for (int i = 0; i < 4; ++i) longest += std::string(62, 'b') + ".";
  EXPECT_EQ(longest.size(), 254u);
  longest.back() = 'b';
  EXPECT_EQ(CheckEmail(longest), std::nullopt);
  EXPECT_THAT(CheckEmail("a" + longest),
              Optional(std::string("has 255 characters; at most 254 are allowed")));
}

TEST(CheckEmailTest, SaysThatOnlyAsciiIsSupported) {
  EXPECT_THAT(CheckEmail("j\xc3\xbcrgen@example.com"),
              Optional(HasSubstr("only ASCII addresses are supported")));
  EXPECT_THAT(CheckEmail("u@b\xc3\xbc"
                         "cher.example"),
              Optional(HasSubstr("xn--")));
}

TEST(CheckEmailTest, NeverRepeatsTheAddress) {
  for (const char* email :
       {"secret.person@exa mple.com", "secret.person", "secret.person@x@y", ".secret.person@x"}) {
    EXPECT_THAT(CheckEmail(email), Optional(Not(HasSubstr("secret")))) << email;
  }
}

TEST(CheckCurrencyTest, IsThreeUpperCaseLetters) {
  EXPECT_EQ(CheckCurrency("EUR"), std::nullopt);
  for (const char* currency : {"", "EU", "eur", "EURO", "E R", "E1R"}) {
    EXPECT_NE(CheckCurrency(currency), std::nullopt) << currency;
  }
}

TEST(CheckPaymentTokenTest, IsVisibleAsciiAndNeverRepeated) {
  EXPECT_EQ(CheckPaymentToken(""), std::nullopt);
  EXPECT_EQ(CheckPaymentToken("tok_visa~!"), std::nullopt);
  EXPECT_EQ(CheckPaymentToken(std::string(255, 'x')), std::nullopt);
  EXPECT_NE(CheckPaymentToken(std::string(256, 'x')), std::nullopt);
  EXPECT_THAT(CheckPaymentToken("tok secret"), Optional(Not(HasSubstr("tok"))));
  for (const char* token : {"a b", "a\tb", "a\x7f", "a\xc3\xa9"})
    EXPECT_NE(CheckPaymentToken(token), std::nullopt);
}

TEST(ViolationTest, MessagesStayShortWhateverTheValue) {
  const std::string huge(1'000'000, '\x01');
  const OrderFields bad = {.order_id = huge,
                           .product_id = huge,
                           .quantity = -1,
                           .customer_email = huge,
                           .payment_token = huge};
  for (const FieldViolation& violation : ValidateOrder(bad))
    EXPECT_LT(violation.description.size(), 500u);
  EXPECT_LT(CheckCurrency(huge)->size(), 500u);
}

TEST(CheckFieldTest, NamesTheField) {
  EXPECT_THAT(CheckField("order_id", std::nullopt), IsOk());
  EXPECT_THAT(CheckField("order_id", CheckOrderId("")),
              StatusIs(absl::StatusCode::kInvalidArgument, "order_id: is required"));
}

}  // namespace
}  // namespace orderflow::order
