#include "common/http/url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/http/client.h"

namespace orderflow::http {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  std::string found;
  if (curl_url_get(url, part, &text, flags) == CURLUE_OK && text != nullptr) found = text;
  curl_free(text);
  return found;
}

// Servers decode before they look: `%2e%2e%2f` would lead out of where the path seems to be.
bool GoesUp(std::string_view path) {
  std::string decoded = UrlDecode(path);
  for (char& c : decoded) {
    if (c == '\\') c = '/';
  }
  decoded += '/';
  for (size_t begin = 0; begin < decoded.size();) {
    const size_t end = decoded.find('/', begin);
    if (decoded.compare(begin, end - begin, "..") == 0) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

std::string Url::WithoutQuery() const {
  const bool usual = port == (scheme == "https" ? "443" : "80");
  return absl::StrCat(scheme, "://", host, usual ? "" : ":", usual ? "" : port, path);
}

bool Url::IsWithin(const Url& prefix) const {
  if (scheme != prefix.scheme || host != prefix.host || port != prefix.port) return false;
  if (path.compare(0, prefix.path.size(), prefix.path) != 0) return false;
  return prefix.path.back() == '/' || path.size() == prefix.path.size() ||
         path[prefix.path.size()] == '/';
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  constexpr char kExpected[] = "not a URL such as https://api.example.com/v1/orders";
  // libcurl takes a text that ends at a zero, and forgives a third slash.
  if (text.find('\0') != std::string_view::npos || text.find(":///") != std::string_view::npos)
    return absl::InvalidArgumentError(kExpected);
  const Handle handle(curl_url(), &curl_url_cleanup);
  const std::string copy(text);
  if (handle == nullptr ||
      curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), CURLU_URLENCODE) != CURLUE_OK)
    return absl::InvalidArgumentError(kExpected);
  Url url;
  url.scheme = absl::AsciiStrToLower(Part(handle.get(), CURLUPART_SCHEME));
  url.host = absl::AsciiStrToLower(Part(handle.get(), CURLUPART_HOST));
  url.port = Part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.path = Part(handle.get(), CURLUPART_PATH);
  url.query = Part(handle.get(), CURLUPART_QUERY);
  if ((url.scheme != "https" && url.scheme != "http") || url.host.empty())
    return absl::InvalidArgumentError(kExpected);
  if (url.path.empty()) url.path = "/";
  if (!Part(handle.get(), CURLUPART_USER).empty() ||
      !Part(handle.get(), CURLUPART_PASSWORD).empty())
    return absl::InvalidArgumentError("a name or a password has no place in a URL");
  if (GoesUp(url.path)) return absl::InvalidArgumentError("the path of the URL goes up by \"..\"");
  return url;
}

}  // namespace orderflow::http
