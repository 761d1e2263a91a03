#include "orchestrator/aws/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/check.h"
#include "common/hash/sha256.h"

namespace orderflow::aws {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";
constexpr char kService[] = "states";
constexpr char kTerminator[] = "aws4_request";
constexpr char kTimeFormat[] = "%E4Y%m%dT%H%M%SZ";
constexpr absl::Duration kMaxSkew = absl::Minutes(5);

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

Fault InvalidSignature(std::string message) {
  return {400, "InvalidSignatureException", std::move(message)};
}

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  ORDERFLOW_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
                       &size) != nullptr);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

// Without white space around it, and with one space for each run of spaces.
std::string Normalized(std::string_view value) {
  std::string text(absl::StripAsciiWhitespace(View(value)));
  text.erase(
      std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
      text.end());
  return text;
}

// All values of a header, in their order.
std::string CanonicalValue(const http::ServerRequest& request, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : request.headers) {
    if (absl::AsciiStrToLower(key) == name) values.push_back(Normalized(value));
  }
  return absl::StrJoin(values, ",");
}

// Path and query as they are signed. Paths other than "/" do not come this far.
std::string CanonicalQuery(std::string_view target) {
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return "";
  std::vector<std::string> parameters = absl::StrSplit(View(target.substr(mark + 1)), '&');
  std::sort(parameters.begin(), parameters.end());
  return absl::StrJoin(parameters, "&");
}

std::string CanonicalRequest(const http::ServerRequest& request,
                             const std::vector<std::string>& signed_headers) {
  std::string text = absl::StrCat(request.method, "\n/\n", CanonicalQuery(request.target), "\n");
  for (const std::string& name : signed_headers) {
    absl::StrAppend(&text, name, ":", CanonicalValue(request, name), "\n");
  }
  absl::StrAppend(&text, "\n", absl::StrJoin(signed_headers, ";"), "\n", Sha256Hex(request.body));
  return text;
}

// Host and everything of AWS's own must be signed: what is not could be changed on the way.
std::optional<Fault> CheckSignedHeaders(const http::ServerRequest& request,
                                        const Authorization& authorization) {
  std::vector<std::string> needed = {"host"};
  for (const auto& [key, value] : request.headers) {
    std::string name = absl::AsciiStrToLower(key);
    if (name.rfind("x-amz-", 0) == 0) needed.push_back(std::move(name));
  }
  for (const std::string& name : needed) {
    const auto& names = authorization.signed_headers;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return InvalidSignature(
          absl::StrCat("'", name, "' must be a 'SignedHeader' in the AWS Authorization."));
    }
  }
  return std::nullopt;
}

Fault UnrecognizedClient() {
  return {400, "UnrecognizedClientException",
          "The security token included in the request is invalid."};
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::optional<Fault> ParseAuthorization(std::string_view header, Authorization& authorization) {
  const absl::string_view text = absl::StripAsciiWhitespace(View(header));
  const Fault incomplete{400, "IncompleteSignatureException",
                         absl::StrCat("the header Authorization must have the form '", kAlgorithm,
                                      " Credential=<key>/<date>/<region>/states/aws4_request, "
                                      "SignedHeaders=<names>, Signature=<hex>'")};
  if (text.substr(0, sizeof(kAlgorithm)) != absl::StrCat(kAlgorithm, " ")) return incomplete;
  std::string credential;
  for (absl::string_view part : absl::StrSplit(text.substr(sizeof(kAlgorithm)), ',')) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(absl::StripAsciiWhitespace(part), absl::MaxSplits('=', 1));
    if (pair.first == "Credential") credential = pair.second;
    if (pair.first == "Signature") authorization.signature = pair.second;
    if (pair.first == "SignedHeaders") {
      authorization.signed_headers = absl::StrSplit(absl::AsciiStrToLower(pair.second), ';');
    }
  }
  const std::vector<std::string> scope = absl::StrSplit(credential, '/');
  if (scope.size() != 5 || scope[4] != kTerminator || authorization.signature.empty() ||
      authorization.signed_headers.empty()) {
    return incomplete;
  }
  authorization.access_key_id = scope[0];
  authorization.date = scope[1];
  authorization.region = scope[2];
  authorization.service = scope[3];
  return std::nullopt;
}

std::string Sign(const http::ServerRequest& request, const Authorization& authorization,
                 std::string_view secret, std::string_view timestamp) {
  const std::string scope = absl::StrCat(authorization.date, "/", authorization.region, "/",
                                         authorization.service, "/", kTerminator);
  const std::string to_sign =
      absl::StrCat(kAlgorithm, "\n", View(timestamp), "\n", scope, "\n",
                   Sha256Hex(CanonicalRequest(request, authorization.signed_headers)));
  std::string key = Hmac(absl::StrCat("AWS4", View(secret)), authorization.date);
  key = Hmac(key, authorization.region);
  key = Hmac(key, authorization.service);
  key = Hmac(key, kTerminator);
  return absl::BytesToHexString(Hmac(key, to_sign));
}

SignatureVerifier::SignatureVerifier(Credentials credentials, std::string region,
                                     const Clock& clock)
    : credentials_(std::move(credentials)), region_(std::move(region)), clock_(clock) {}

std::optional<Fault> SignatureVerifier::CheckTime(std::string_view timestamp) const {
  absl::Time at;
  std::string error;
  if (!absl::ParseTime(kTimeFormat, View(timestamp), &at, &error)) {
    return InvalidSignature("the header X-Amz-Date must be a time such as 20240501T120000Z");
  }
  const absl::Time now = clock_.Now();
  const auto text = [](absl::Time time) {
    return absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone());
  };
  if (at < now - kMaxSkew) {
    return InvalidSignature(absl::StrCat("Signature expired: ", text(at), " is now earlier than ",
                                         text(now - kMaxSkew), " (", text(now), " - 5 min.)"));
  }
  if (at > now + kMaxSkew) {
    return InvalidSignature(absl::StrCat("Signature not yet current: ", text(at),
                                         " is still later than ", text(now + kMaxSkew), " (",
                                         text(now), " + 5 min.)"));
  }
  return std::nullopt;
}

std::optional<Fault> SignatureVerifier::CheckScope(const Authorization& authorization,
                                                   std::string_view timestamp) const {
  if (authorization.region != region_) {
    return InvalidSignature(
        absl::StrCat("Credential should be scoped to the region '", region_, "'."));
  }
  if (authorization.service != kService) {
    return InvalidSignature(
        absl::StrCat("Credential should be scoped to correct service: '", kService, "'."));
  }
  if (authorization.date != std::string(timestamp.substr(0, 8))) {
    return InvalidSignature("Date in Credential scope does not match YYYYMMDD from X-Amz-Date.");
  }
  return std::nullopt;
}

std::optional<Fault> SignatureVerifier::Verify(const http::ServerRequest& request) const {
  const std::string* header = request.Header("authorization");
  if (header == nullptr) {
    return Fault{400, "MissingAuthenticationTokenException", "Missing Authentication Token"};
  }
  Authorization authorization;
  if (auto fault = ParseAuthorization(*header, authorization)) return fault;
  const auto key = credentials_.find(authorization.access_key_id);
  if (key == credentials_.end()) return UnrecognizedClient();
  const std::string* token = request.Header("x-amz-security-token");
  if (!SameSecret(token == nullptr ? "" : *token, key->second.session_token)) {
    return UnrecognizedClient();
  }
  const std::string* date = request.Header("x-amz-date");
  const std::string timestamp = date == nullptr ? "" : *date;
  if (auto fault = CheckScope(authorization, timestamp)) return fault;
  if (auto fault = CheckTime(timestamp)) return fault;
  if (auto fault = CheckSignedHeaders(request, authorization)) return fault;
  const std::string expected = Sign(request, authorization, key->second.secret, timestamp);
  if (SameSecret(expected, authorization.signature)) return std::nullopt;
  return InvalidSignature(
      "The request signature we calculated does not match the signature you provided. Check your "
      "AWS Secret Access Key and signing method.");
}

}  // namespace orderflow::aws
