#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/server.h"
#include "orchestrator/aws/credentials.h"
#include "orchestrator/aws/fault.h"

namespace orderflow::aws {

// What the header Authorization of a signed request says.
struct Authorization {
  std::string access_key_id;
  std::string date;     // "20240501", of the scope
  std::string region;   // "us-east-1"
  std::string service;  // "states"
  std::vector<std::string> signed_headers;
  std::string signature;  // 64 hexadecimal digits
};

// IncompleteSignatureException: it is not of the form that Signature Version 4 gives it.
std::optional<Fault> ParseAuthorization(std::string_view header, Authorization& authorization);

// The signature that the request must carry, by Signature Version 4: 64 hexadecimal digits.
std::string Sign(const http::ServerRequest& request, const Authorization& authorization,
                 std::string_view secret, std::string_view timestamp);

// Tells whether requests are signed (AWS Signature Version 4) with one of the keys that it knows,
// not longer ago than five minutes, and all that matters with them.
//
// Thread-safe. Borrows the clock.
class SignatureVerifier {
 public:
  SignatureVerifier(Credentials credentials, std::string region, const Clock& clock);

  // Nothing if it is. MissingAuthenticationTokenException: it is not signed at all.
  // UnrecognizedClientException: by a key that is not known. InvalidSignatureException: wrong, too
  // old, or for something else. IncompleteSignatureException.
  std::optional<Fault> Verify(const http::ServerRequest& request) const;

 private:
  std::optional<Fault> CheckScope(const Authorization& authorization,
                                  std::string_view timestamp) const;
  std::optional<Fault> CheckTime(std::string_view timestamp) const;

  const Credentials credentials_;
  const std::string region_;
  const Clock& clock_;
};

}  // namespace orderflow::aws
