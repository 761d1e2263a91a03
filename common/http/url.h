#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::http {

// An http or https URL, taken apart as the client (libcurl) does it, so that what was checked is
// what is called.
struct Url {
  std::string scheme;  // "https" or "http"
  std::string host;    // in lower case; an IPv6 address has its brackets
  std::string port;    // always there: "443"
  std::string path;    // "/" at least, without `.` and `..`
  std::string query;   // as it stands, without the `?`

  // Without the query: "https://api.example.com/v1/orders". A port is named where it is not the
  // scheme's own.
  std::string WithoutQuery() const;

  // Whether it is `prefix` or below it: the same server, and its path with, perhaps, further parts.
  bool IsWithin(const Url& prefix) const;
};

// INVALID_ARGUMENT: no absolute http(s) URL, a name or a password in it, or a path that goes up by
// escaped `..`. What comes behind a `#` is left out. The message does not repeat the text.
absl::StatusOr<Url> ParseUrl(std::string_view text);

}  // namespace orderflow::http
