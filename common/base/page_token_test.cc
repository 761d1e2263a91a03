#include "common/base/page_token.h"

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

constexpr char kFilter[] = "orders status=1";

TEST(PageTokenTest, TokenGivesItsCursorBack) {
  const std::string cursor("17/a\0b", 6);
  absl::StatusOr<Page> page = ParsePage(7, MakePageToken(cursor, kFilter), kFilter);
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->size, 7);
  EXPECT_EQ(page->cursor, cursor);
}

TEST(PageTokenTest, NoTokenStartsAtTheFirstRowWithTheDefaultSize) {
  absl::StatusOr<Page> page = ParsePage(0, "", kFilter);
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->size, 100);
  EXPECT_EQ(page->cursor, "");
}

TEST(PageTokenTest, TokenOfAnotherFilterIsRefused) {
  EXPECT_THAT(ParsePage(1, MakePageToken("17", "orders status=2"), kFilter),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PageTokenTest, EveryChangedByteIsRefused) {
  const std::string token = MakePageToken("order-12345", kFilter);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    absl::StatusOr<Page> page = ParsePage(1, changed, kFilter);
    // The last character may carry bits that do not count; then the cursor is still the same.
    EXPECT_EQ(page.ok() ? page->cursor : "order-12345", "order-12345") << i;
    EXPECT_TRUE(!page.ok() || i + 1 == token.size()) << i;
  }
  for (size_t size = 1; size < token.size(); ++size) {
    EXPECT_FALSE(ParsePage(1, token.substr(0, size), kFilter).ok()) << size;
  }
}

TEST(PageTokenTest, GarbageIsRefused) {
  for (const char* token : {"x", "!!!!", "AAAA", "AQAAAAAAAAAA"})
    EXPECT_FALSE(ParsePage(1, token, kFilter).ok());
  EXPECT_FALSE(ParsePage(1, std::string(100'000, 'A'), kFilter).ok());
}

TEST(PageTokenTest, AllViolationsAreReportedAtOnce) {
  absl::StatusOr<Page> page = ParsePage(1001, "x", kFilter);
  EXPECT_THAT(GetFieldViolations(page.status()),
              ElementsAre(Field(&FieldViolation::field, "page_size"),
                          Field(&FieldViolation::field, "page_token")));
  EXPECT_THAT(ParsePage(-1, "", kFilter),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "page_size: is -1; must be 1 to 1000, or 0 for 100"));
}

}  // namespace
}  // namespace orderflow
