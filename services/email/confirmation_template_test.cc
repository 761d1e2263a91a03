#include "services/email/confirmation_template.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::email {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ConfirmationValues TheSample() {
  return {.order_id = "12345", .product_id = "sku-001", .quantity = "2", .amount = "12.34 EUR"};
}

TEST(ConfirmationTemplateTest, TheDefaultSaysWhatWasOrderedInBothParts) {
  const ConfirmationText mail = ConfirmationTemplate::Default().Render(TheSample());
  EXPECT_EQ(mail.subject, "Your order 12345 is confirmed");
  for (const std::string& part : {mail.text, mail.html}) {
    EXPECT_THAT(part, HasSubstr("12345"));
    EXPECT_THAT(part, HasSubstr("sku-001"));
    EXPECT_THAT(part, HasSubstr("12.34 EUR"));
    EXPECT_THAT(part, Not(HasSubstr("{{")));
  }
}

TEST(ConfirmationTemplateTest, ASectionIsLeftOutWithoutItsValue) {
  const auto words = ConfirmationTemplate::Parse(
      {.subject = "{{order_id}}",
       .text = "a{{#amount}} paid {{amount}}!{{/amount}}b{{#amount}}{{/amount}}c",
       .html = ""});
  ASSERT_THAT(words, IsOk());
  EXPECT_EQ(words->Render(TheSample()).text, "a paid 12.34 EUR!bc");
  ConfirmationValues free = TheSample();
  free.amount = "";
  EXPECT_EQ(words->Render(free).text, "abc");
  EXPECT_THAT(ConfirmationTemplate::Default().Render(free).html, Not(HasSubstr("Charged")));
}

TEST(ConfirmationTemplateTest, ValuesAreEscapedInHtmlOnly) {
  const auto words = ConfirmationTemplate::Parse(
      {.subject = "{{product_id}}", .text = "{{product_id}}", .html = "<b>{{product_id}}</b>"});
  ASSERT_THAT(words, IsOk());
  const ConfirmationText mail = words->Render(
      {.order_id = "", .product_id = "<a href=\"x\">'&'", .quantity = "", .amount = ""});
  EXPECT_EQ(mail.html, "<b>&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;</b>");
  EXPECT_EQ(mail.text, "<a href=\"x\">'&'");
}

TEST(ConfirmationTemplateTest, AMistakeIsNamedWithItsLine) {
  const auto error_of = [](const std::string& text) {
    return std::string(
        ConfirmationTemplate::Parse({.subject = "s", .text = text, .html = ""}).status().message());
  };
  EXPECT_EQ(error_of("a\nb {{oops}}"),
            "mail template text, line 2: unknown name \"oops\"; known are order_id, product_id, "
            "quantity and amount");
  EXPECT_EQ(error_of("{{amount"), "mail template text, line 1: \"{{\" without \"}}\"");
  EXPECT_EQ(error_of("{{#amount}}\n\n"),
            "mail template text, line 3: a section is still open at the end");
  EXPECT_THAT(error_of("{{/amount}}"), HasSubstr("the end of a section that is not open"));
  EXPECT_THAT(error_of("{{#amount}}{{/order_id}}"),
              HasSubstr("the end of a section that is not open"));
  EXPECT_THAT(error_of("{{#amount}}{{#amount}}"), HasSubstr("a section inside a section"));
  EXPECT_THAT(error_of("{{}}"), HasSubstr("unknown name \"\""));
  EXPECT_THAT(error_of("\xff"), HasSubstr("not UTF-8"));
}

TEST(ConfirmationTemplateTest, ASubjectIsOneLine) {
  for (const char* subject : {"", "a\nBcc: b@example.com", "a\r"}) {
    EXPECT_THAT(ConfirmationTemplate::Parse({.subject = subject, .text = "", .html = ""}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << subject;
  }
}

TEST(ConfirmationTemplateTest, IsReadFromAFolder) {
  const std::string folder = ::testing::TempDir() + "/template" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/subject.txt") << "Order {{order_id}}\n";
  std::ofstream(folder + "/body.txt") << "text {{quantity}}";
  EXPECT_THAT(ConfirmationTemplate::Load(folder),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("body.html")));
  std::ofstream(folder + "/body.html") << "html {{quantity}}";
  const auto words = ConfirmationTemplate::Load(folder);
  ASSERT_THAT(words, IsOk());
  const ConfirmationText mail = words->Render(TheSample());
  EXPECT_EQ(mail.subject, "Order 12345");
  EXPECT_EQ(mail.text, "text 2");
  EXPECT_EQ(mail.html, "html 2");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace orderflow::email
