#include "common/http/url.h"

#include "common/base/test_matchers.h"
#include "common/http/client.h"
#include "gtest/gtest.h"

namespace orderflow::http {
namespace {

Url Parsed(const char* text) {
  absl::StatusOr<Url> url = ParseUrl(text);
  EXPECT_THAT(url, IsOk()) << text;
  return url.value_or(Url());
}

TEST(UrlTest, PartsAreWhatIsCalled) {
  const Url url = Parsed("HTTPS://API.Example.com/a/./b/../c%20d?x=1&y=%26#fragment");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "api.example.com");
  EXPECT_EQ(url.port, "443");
  EXPECT_EQ(url.path, "/a/c%20d");
  EXPECT_EQ(url.query, "x=1&y=%26");
  EXPECT_EQ(url.WithoutQuery(), "https://api.example.com/a/c%20d");
  EXPECT_EQ(Parsed("http://[::1]:8080").WithoutQuery(), "http://[::1]:8080/");
}

TEST(UrlTest, WhatIsNoUrlOrMayBeReadInTwoWaysIsRefused) {
  for (const char* text :
       {"", "api.example.com", "/v1", "ftp://a/b", "file:///etc/passwd", "https://", "https:///v1",
        "https://user:word@a/", "https://user@a/", "https://a b/", "https://a/\r\nX: y",
        "https://a/v1/%2e%2e/admin", "https://a/v1/..%2Fadmin", "https://a/v1/..\\admin",
        "https://a:99999/", "https://a\\@b/"}) {
    EXPECT_THAT(ParseUrl(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(ParseUrl(std::string_view("https://a\0.b/", 13)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(UrlTest, APrefixEndsWhereAPartOfThePathDoes) {
  const Url prefix = Parsed("https://api.example.com/v1");
  for (const char* inside : {"https://api.example.com/v1", "https://api.example.com:443/v1/",
                             "https://API.example.com/v1/orders?x=1"}) {
    EXPECT_TRUE(Parsed(inside).IsWithin(prefix)) << inside;
  }
  for (const char* outside :
       {"http://api.example.com/v1", "https://api.example.com/v10", "https://api.example.com/",
        "https://api.example.com:444/v1", "https://api.example.com.evil.com/v1",
        "https://api.example.com/v1/../v2"}) {
    EXPECT_FALSE(Parsed(outside).IsWithin(prefix)) << outside;
  }
  EXPECT_TRUE(Parsed("https://a/x").IsWithin(Parsed("https://a")));
}

TEST(UrlTest, DecodingTakesBackWhatEncodingDid) {
  const std::string text = "a b/%&=+\xc3\xa4~";
  EXPECT_EQ(UrlEncode(text), "a%20b%2F%25%26%3D%2B%C3%A4~");
  EXPECT_EQ(UrlDecode(UrlEncode(text)), text);
  EXPECT_EQ(UrlDecode("%"), "%");
  EXPECT_EQ(UrlDecode("%4"), "%4");
  EXPECT_EQ(UrlDecode("%zz%41+"), "%zzA+");
}

}  // namespace
}  // namespace orderflow::http
