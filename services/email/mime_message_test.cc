#include "services/email/mime_message.h"

#include <string>
#include <string_view>

#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/email/child_process.h"

namespace orderflow::email {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MimeMessage AMessage() {
  return {.date = absl::FromUnixSeconds(1'700'000'000),
          .from = {.name = "Orderflow", .address = "orders@example.com"},
          .to = "user@example.com",
          .message_id = "<1@example.com>",
          .subject = "Your order",
          .text = "Hello.\n",
          .html = "<p>Hello.</p>\n"};
}

// What Python's mail reader makes of a message.
std::string Read(const std::string& message) {
  ChildProcess reader({"/usr/bin/python3", ORDERFLOW_EMAIL_TESTDATA "/read_mail.py"});
  return reader.Finish(message);
}

TEST(WriteMessageTest, IsReadBackByAnotherProgram) {
  MimeMessage message = AMessage();
  message.text =
      "Gr\xc3\xbc\xc3\x9f"
      "e = \xe2\x82\xac 5\n.\n.leading dot\nFrom here\ntrailing blank \n" +
      std::string(200, 'x') + "\n";
  message.html = "<p>a=b&amp;c</p>\n";
  const auto written = WriteMessage(message);
  ASSERT_THAT(written, IsOk());
  const std::string read = Read(*written);
  EXPECT_THAT(read, HasSubstr("From: Orderflow <orders@example.com>\n"));
  EXPECT_THAT(read, HasSubstr("To: user@example.com\n"));
  EXPECT_THAT(read, HasSubstr("Subject: Your order\n"));
  EXPECT_THAT(read, HasSubstr("Message-ID: <1@example.com>\n"));
  EXPECT_THAT(read, HasSubstr("Auto-Submitted: auto-generated\n"));
  EXPECT_THAT(read, HasSubstr("Date: 2023-11-14T22:13:20+00:00\n"));
  EXPECT_THAT(read, HasSubstr("Type: multipart/alternative\nParts: text/plain,text/html\n"));
  EXPECT_THAT(read, HasSubstr("Text: Gr\xc3\xbc\xc3\x9f"
                              "e = \xe2\x82\xac 5\\n.\\n.leading dot\\nFrom here\\n"
                              "trailing blank \\n" +
                              std::string(200, 'x') + "\\n\n"));
  EXPECT_THAT(read, HasSubstr("Html: <p>a=b&amp;c</p>\\n\n"));
  EXPECT_THAT(read, HasSubstr("Defects: []\n"));
}

TEST(WriteMessageTest, NamesAndSubjectsInAnyScriptAreReadBack) {
  const std::string subjects[] = {"Ihre Bestellung \xe2\x84\x96 5 ist best\xc3\xa4tigt",
                                  std::string(40, 'a') + " " + std::string(60, 'b') + " c",
                                  "\xe3\x81\x94\xe6\xb3\xa8\xe6\x96\x87\xe3\x81\x82\xe3\x82\x8a\xe3"
                                  "\x81\x8c\xe3\x81\xa8\xe3\x81\x86"
                                  "\xe3\x81\x94\xe3\x81\x96\xe3\x81\x84\xe3\x81\xbe\xe3\x81\x99\xe3"
                                  "\x80\x82\xf0\x9f\x8e\x81\xf0\x9f\x8e\x81",
                                  "looks =?UTF-8?Q?encoded?="};
  for (const std::string& subject : subjects) {
    MimeMessage message = AMessage();
    message.subject = subject;
    message.from.name =
        "B\xc3\xbc"
        "cher, \"M\xc3\xbcller\" & S\xc3\xb6hne";
    const auto written = WriteMessage(message);
    ASSERT_THAT(written, IsOk());
    const std::string read = Read(*written);
    EXPECT_THAT(read, HasSubstr("Subject: " + subject + "\n"));
    EXPECT_THAT(read,
                HasSubstr("B\xc3\xbc"
                          "cher, \\\"M\xc3\xbcller\\\" & S\xc3\xb6hne\" <orders@example.com>\n"));
  }
}

TEST(WriteMessageTest, LinesAreShortAndEndWithCrLf) {
  MimeMessage message = AMessage();
  message.subject = std::string(300, 's') + " \xc3\xa4 " + std::string(300, 's');
  message.text = std::string(5000, '\xc3') + "\n" + std::string(5000, '=');
  message.to = std::string(64, 'u') + "@" + std::string(60, 'd') + ".example";
  const auto written = WriteMessage(message);
  ASSERT_THAT(written, IsOk());
  for (size_t start = 0; start < written->size();) {
    const size_t end = written->find('\n', start);
    ASSERT_NE(end, std::string::npos);
    ASSERT_EQ((*written)[end - 1], '\r');
    EXPECT_LE(end - 1 - start, 160u) << written->substr(start, end - start);
    start = end + 1;
  }
}

TEST(WriteMessageTest, TheSameMessageGivesTheSameBytes) {
  EXPECT_EQ(*WriteMessage(AMessage()), *WriteMessage(AMessage()));
}

TEST(WriteMessageTest, AnAddressCannotBringAHeaderIn) {
  for (const char* evil :
       {"a@b.c\r\nBcc: x@y.z", "a@b.c\nBcc: x@y.z", "a@b.c Bcc", "", "\xc3\xa4@b.c"}) {
    MimeMessage message = AMessage();
    message.to = evil;
    EXPECT_THAT(WriteMessage(message), StatusIs(absl::StatusCode::kInvalidArgument)) << evil;
    message = AMessage();
    message.from.address = evil;
    EXPECT_THAT(WriteMessage(message), StatusIs(absl::StatusCode::kInvalidArgument)) << evil;
    message = AMessage();
    message.message_id = evil;
    EXPECT_THAT(WriteMessage(message), StatusIs(absl::StatusCode::kInvalidArgument)) << evil;
  }
}

TEST(WriteMessageTest, ASubjectOrNameCannotBringAHeaderIn) {
  for (const char* evil : {"x\r\nBcc: a@b.c", "x\nBcc: a@b.c", "x\rBcc: a@b.c", "x\r\n\r\nbody"}) {
    MimeMessage message = AMessage();
    message.subject = evil;
    message.from.name = evil;
    const auto written = WriteMessage(message);
    ASSERT_THAT(written, IsOk());
    EXPECT_THAT(*written, Not(HasSubstr("\nBcc")));
    EXPECT_THAT(
        Read(*written),
        HasSubstr(
            "Headers: Date,From,To,Message-ID,Subject,Auto-Submitted,MIME-Version,Content-Type\n"));
  }
}

TEST(WriteMessageTest, TheBoundaryCannotOccurInAPart) {
  MimeMessage message = AMessage();
  message.text = "--=_orderflow_part\n--=_orderflow_part--\n";
  const auto written = WriteMessage(message);
  ASSERT_THAT(written, IsOk());
  const std::string read = Read(*written);
  EXPECT_THAT(read, HasSubstr("Parts: text/plain,text/html\n"));
  EXPECT_THAT(read, HasSubstr("Text: --=_orderflow_part\\n--=_orderflow_part--\\n\n"));
}

TEST(QuotedPrintableTest, FollowsTheRules) {
  EXPECT_EQ(QuotedPrintable("a=b"), "a=3Db");
  EXPECT_EQ(QuotedPrintable("a \nb\t\nc "), "a=20\r\nb=09\r\nc=20");
  EXPECT_EQ(QuotedPrintable("a b\tc"), "a b\tc");
  EXPECT_EQ(QuotedPrintable("\r\n"), "=0D\r\n");
  EXPECT_EQ(QuotedPrintable(std::string(76, 'x')), std::string(75, 'x') + "=\r\nx");
  EXPECT_EQ(QuotedPrintable(std::string(74, 'x') + "="), std::string(74, 'x') + "=\r\n=3D");
}

TEST(ParseMailboxTest, ReadsTheUsualForms) {
  const auto expect = [](std::string_view text, std::string_view name, std::string_view address) {
    const auto mailbox = ParseMailbox(text);
    ASSERT_THAT(mailbox, IsOk()) << text;
    EXPECT_EQ(mailbox->name, name);
    EXPECT_EQ(mailbox->address, address);
  };
  expect("orders@example.com", "", "orders@example.com");
  expect("<orders@example.com>", "", "orders@example.com");
  expect("Shop <orders@example.com>", "Shop", "orders@example.com");
  expect("\"Shop, Inc.\" <orders@example.com>", "Shop, Inc.", "orders@example.com");
  EXPECT_EQ(ParseMailbox("Shop <orders@mail.example.com>")->domain(), "mail.example.com");
}

TEST(ParseMailboxTest, RefusesWhatIsNoMailbox) {
  for (const char* text :
       {"", "Shop", "Shop <orders>", "orders@example.com>", "Shop <a@b.c> x", "\xff <a@b.c>"}) {
    EXPECT_THAT(ParseMailbox(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(IsUtf8Test, TellsUtf8FromOtherBytes) {
  for (const char* good :
       {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8e\x81", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xff", "\xf0\x82\x82\xac", "a\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace orderflow::email
