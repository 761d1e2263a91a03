#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/http/url.h"

namespace orderflow::tasks {

// Whether a text can be the name, or the value, of a header: what HTTP allows, and no line breaks.
bool IsHeaderName(std::string_view text);
bool IsHeaderValue(std::string_view text);

// Names and values, as a connection adds them to a request. Values may be secrets.
using HttpPairs = std::vector<std::pair<std::string, std::string>>;

// What a connection adds to requests.
struct HttpAdditions {
  HttpPairs headers;
  HttpPairs query;
  HttpPairs body;  // members of the body
};

// How calls of an API are made: what EventBridge calls a connection. Holds secrets.
struct HttpConnection {
  enum class Type : uint8_t { kNone, kBasic, kApiKey, kOAuth };

  std::string name;  // as the settings have it
  Type type = Type::kNone;
  // Sent with every request: a Basic credential, an API key.
  HttpPairs credentials;
  HttpAdditions additions;
  // The OAuth client credentials flow: where and how an access token is asked for.
  struct OAuth {
    http::Url endpoint;
    std::string method;  // POST, GET or PUT
    std::string client_id;
    std::string client_secret;
    HttpAdditions additions;
  } oauth;
  // What it is for: nothing else is sent its credentials.
  std::vector<http::Url> allowed_urls;

  // Whether it may be used for the URL.
  bool Allows(const http::Url& url) const;
};

// By name or by ARN, as the settings have it.
using HttpConnections = std::map<std::string, HttpConnection, std::less<>>;

// The connection of this ARN: the one of just this text, else the one of the name in it
// (`arn:aws:events:REGION:ACCOUNT:connection/NAME/ID`). Null if there is none.
const HttpConnection* FindConnection(const HttpConnections& connections, std::string_view arn);

// Reads connections, in the shape of EventBridge's CreateConnection with two members added:
//
//   {"payments": {
//      "AuthorizationType": "BASIC",             or API_KEY, OAUTH_CLIENT_CREDENTIALS, NONE
//      "AuthParameters": {"BasicAuthParameters": {"Username": "orderflow",
//                                                 "Password": {"File": "/run/secrets/payments"}}},
//      "AllowedUrls": ["https://payments.example.com/v1"],
//      "AllowHttp": false}}
//
// Each text may be {"File": PATH} instead, a private file (settings::ReadPrivateFile); a line break
// at its end does not count. Relative paths start at `directory`. INVALID_ARGUMENT,
// FAILED_PRECONDITION: what is wrong, with the member; never with a secret.
absl::StatusOr<HttpConnections> ParseHttpConnections(std::string_view text,
                                                     const std::string& directory);

// The same from a private file.
absl::StatusOr<HttpConnections> ReadHttpConnections(const std::string& path);

}  // namespace orderflow::tasks
