#include "orchestrator/tasks/http_connection.h"

#include <algorithm>
#include <filesystem>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "common/settings/private_file.h"

namespace orderflow::tasks {
namespace {

using json::Value;

// An object of the settings, and where it is: errors name members, never values.
class Settings {
 public:
  static absl::StatusOr<Settings> Of(const Value& value, std::string where,
                                     const std::string& directory,
                                     std::initializer_list<std::string_view> members) {
    Settings settings(value, std::move(where), directory);
    if (!value.IsObject()) return settings.Error("", "expected an object");
    std::string known;
    for (const std::string_view name : members)
      absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(name));
    for (const json::Member& member : value.AsMembers()) {
      if (std::find(members.begin(), members.end(), member.key) == members.end())
        return settings.Error(member.key, absl::StrCat("unknown member; there are ", known));
    }
    return settings;
  }

  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  absl::StatusOr<Settings> Object(std::string_view name,
                                  std::initializer_list<std::string_view> members) const {
    if (!Has(name)) return Error(name, "is missing");
    return Of(*Find(name), PlaceOf(name), directory_, members);
  }

  // The members of the list, each an object with these members. Empty where there is no list.
  absl::StatusOr<std::vector<Settings>> List(
      std::string_view name, std::initializer_list<std::string_view> members) const {
    std::vector<Settings> items;
    if (!Has(name)) return items;
    if (!Find(name)->IsArray()) return Error(name, "expected a list");
    for (const Value& item : Find(name)->AsArray()) {
      ORDERFLOW_ASSIGN_OR_RETURN(
          Settings settings,
          Of(item, absl::StrCat(PlaceOf(name), "[", items.size(), "]"), directory_, members));
      items.push_back(std::move(settings));
    }
    return items;
  }

  // A text, as it stands or from a file.
  absl::StatusOr<std::string> Text(std::string_view name) const {
    const Value* value = Find(name);
    if (value == nullptr) return Error(name, "is missing");
    if (value->IsString()) return value->AsString();
    const Value* file = value->Find("File");
    const bool is_file =
        value->IsObject() && value->AsMembers().size() == 1 && file != nullptr && file->IsString();
    if (!is_file) return Error(name, "expected a text or {\"File\": \"PATH\"}");
    absl::StatusOr<std::string> text =
        settings::ReadPrivateFile((std::filesystem::path(directory_) / file->AsString()).string());
    if (!text.ok()) return Wrap(name, text.status());
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    return text;
  }

  absl::StatusOr<bool> Bool(std::string_view name, bool absent) const {
    if (!Has(name)) return absent;
    if (!Find(name)->IsBool()) return Error(name, "expected true or false");
    return Find(name)->AsBool();
  }

  absl::Status Error(std::string_view name, std::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(PlaceOf(name), ": ", std::string(what)));
  }

  const Value* Find(std::string_view name) const { return value_.Find(name); }

 private:
  Settings(Value value, std::string where, std::string directory)
      : value_(std::move(value)), where_(std::move(where)), directory_(std::move(directory)) {}

  std::string PlaceOf(std::string_view name) const {
    if (name.empty()) return where_;
    return absl::StrCat(where_, where_.back() == '"' ? ": " : ".", std::string(name));
  }
  absl::Status Wrap(std::string_view name, const absl::Status& status) const {
    return absl::Status(status.code(),
                        absl::StrCat(PlaceOf(name), ": ", std::string(status.message())));
  }

  Value value_;
  std::string where_;
  std::string directory_;
};

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

// Keys and values of one kind of addition.
absl::Status ReadPairs(const Settings& settings, std::string_view name, bool are_headers,
                       HttpPairs& pairs) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Settings> items,
                             settings.List(name, {"Key", "Value", "IsValueSecret"}));
  for (const Settings& item : items) {
    ORDERFLOW_ASSIGN_OR_RETURN(std::string key, item.Text("Key"));
    ORDERFLOW_ASSIGN_OR_RETURN(std::string value, item.Text("Value"));
    if (are_headers && !IsHeaderName(key)) return item.Error("Key", "is no name of a header");
    if (are_headers && !IsHeaderValue(value))
      return item.Error("Value", "is no value of a header: a line break or a control character");
    if (key.empty()) return item.Error("Key", "is empty");
    pairs.emplace_back(std::move(key), std::move(value));
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpAdditions> ReadAdditions(const Settings& settings, std::string_view name) {
  HttpAdditions additions;
  if (!settings.Has(name)) return additions;
  ORDERFLOW_ASSIGN_OR_RETURN(
      const Settings given,
      settings.Object(name, {"HeaderParameters", "QueryStringParameters", "BodyParameters"}));
  ORDERFLOW_RETURN_IF_ERROR(ReadPairs(given, "HeaderParameters", true, additions.headers));
  ORDERFLOW_RETURN_IF_ERROR(ReadPairs(given, "QueryStringParameters", false, additions.query));
  ORDERFLOW_RETURN_IF_ERROR(ReadPairs(given, "BodyParameters", false, additions.body));
  return additions;
}

absl::StatusOr<http::Url> ReadUrl(const Settings& settings, std::string_view name,
                                  const std::string& text, bool allow_http) {
  absl::StatusOr<http::Url> url = http::ParseUrl(text);
  if (!url.ok()) return settings.Error(name, std::string(url.status().message()));
  if (url->scheme == "https" || allow_http) return url;
  return settings.Error(name, "is not https, and \"AllowHttp\" is not true");
}

absl::Status ReadBasic(const Settings& parameters, HttpConnection& connection) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Settings basic,
                             parameters.Object("BasicAuthParameters", {"Username", "Password"}));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string name, basic.Text("Username"));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string password, basic.Text("Password"));
  if (name.find(':') != std::string::npos || std::any_of(name.begin(), name.end(), IsControl))
    return basic.Error("Username", "has a colon or a control character");
  connection.credentials.emplace_back(
      "Authorization", "Basic " + absl::Base64Escape(absl::StrCat(name, ":", password)));
  return absl::OkStatus();
}

absl::Status ReadApiKey(const Settings& parameters, HttpConnection& connection) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const Settings key, parameters.Object("ApiKeyAuthParameters", {"ApiKeyName", "ApiKeyValue"}));
  ORDERFLOW_ASSIGN_OR_RETURN(std::string name, key.Text("ApiKeyName"));
  ORDERFLOW_ASSIGN_OR_RETURN(std::string value, key.Text("ApiKeyValue"));
  if (!IsHeaderName(name)) return key.Error("ApiKeyName", "is no name of a header");
  if (!IsHeaderValue(value))
    return key.Error("ApiKeyValue", "is no value of a header: a line break or a control character");
  connection.credentials.emplace_back(std::move(name), std::move(value));
  return absl::OkStatus();
}

absl::Status ReadOAuth(const Settings& parameters, bool allow_http, HttpConnection& connection) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const Settings settings,
      parameters.Object("OAuthParameters", {"AuthorizationEndpoint", "ClientParameters",
                                            "HttpMethod", "OAuthHttpParameters"}));
  HttpConnection::OAuth& oauth = connection.oauth;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string endpoint, settings.Text("AuthorizationEndpoint"));
  ORDERFLOW_ASSIGN_OR_RETURN(oauth.endpoint,
                             ReadUrl(settings, "AuthorizationEndpoint", endpoint, allow_http));
  ORDERFLOW_ASSIGN_OR_RETURN(oauth.method, settings.Text("HttpMethod"));
  if (oauth.method != "POST" && oauth.method != "GET" && oauth.method != "PUT")
    return settings.Error("HttpMethod", "expected POST, GET or PUT");
  ORDERFLOW_ASSIGN_OR_RETURN(const Settings client,
                             settings.Object("ClientParameters", {"ClientID", "ClientSecret"}));
  ORDERFLOW_ASSIGN_OR_RETURN(oauth.client_id, client.Text("ClientID"));
  ORDERFLOW_ASSIGN_OR_RETURN(oauth.client_secret, client.Text("ClientSecret"));
  ORDERFLOW_ASSIGN_OR_RETURN(oauth.additions, ReadAdditions(settings, "OAuthHttpParameters"));
  return absl::OkStatus();
}

absl::Status ReadType(const Settings& settings, HttpConnection& connection) {
  using Type = HttpConnection::Type;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string type, settings.Text("AuthorizationType"));
  for (const auto& [name, value] :
       {std::pair("NONE", Type::kNone), std::pair("BASIC", Type::kBasic),
        std::pair("API_KEY", Type::kApiKey), std::pair("OAUTH_CLIENT_CREDENTIALS", Type::kOAuth)}) {
    if (type != name) continue;
    connection.type = value;
    return absl::OkStatus();
  }
  return settings.Error("AuthorizationType",
                        "expected one of BASIC, API_KEY, OAUTH_CLIENT_CREDENTIALS, NONE");
}

absl::Status ReadParameters(const Settings& settings, bool allow_http, HttpConnection& connection) {
  if (connection.type == HttpConnection::Type::kNone && !settings.Has("AuthParameters"))
    return absl::OkStatus();
  ORDERFLOW_ASSIGN_OR_RETURN(
      const Settings parameters,
      settings.Object("AuthParameters", {"BasicAuthParameters", "ApiKeyAuthParameters",
                                         "OAuthParameters", "InvocationHttpParameters"}));
  ORDERFLOW_ASSIGN_OR_RETURN(connection.additions,
                             ReadAdditions(parameters, "InvocationHttpParameters"));
  switch (connection.type) {
    case HttpConnection::Type::kNone:
      return absl::OkStatus();
    case HttpConnection::Type::kBasic:
      return ReadBasic(parameters, connection);
    case HttpConnection::Type::kApiKey:
      return ReadApiKey(parameters, connection);
    case HttpConnection::Type::kOAuth:
      return ReadOAuth(parameters, allow_http, connection);
  }
  return absl::OkStatus();
}

absl::Status ReadAllowedUrls(const Settings& settings, bool allow_http,
                             HttpConnection& connection) {
  constexpr char kExpected[] =
      "expected a list of the URLs that it is for, such as [\"https://api.example.com/v1\"]";
  const Value* urls = settings.Find("AllowedUrls");
  if (urls == nullptr || !urls->IsArray() || urls->AsArray().empty())
    return settings.Error("AllowedUrls", kExpected);
  for (const Value& item : urls->AsArray()) {
    if (!item.IsString()) return settings.Error("AllowedUrls", kExpected);
    ORDERFLOW_ASSIGN_OR_RETURN(http::Url url,
                               ReadUrl(settings, "AllowedUrls", item.AsString(), allow_http));
    if (!url.query.empty()) return settings.Error("AllowedUrls", "a query has no place in it");
    connection.allowed_urls.push_back(std::move(url));
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpConnection> ReadConnection(const std::string& name, const Value& value,
                                              const std::string& directory) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Settings settings,
                             Settings::Of(value, Quote(name, 200), directory,
                                          {"AuthorizationType", "AuthParameters", "AllowedUrls",
                                           "AllowHttp", "Name", "Description"}));
  HttpConnection connection;
  connection.name = name;
  ORDERFLOW_ASSIGN_OR_RETURN(const bool allow_http, settings.Bool("AllowHttp", false));
  ORDERFLOW_RETURN_IF_ERROR(ReadType(settings, connection));
  ORDERFLOW_RETURN_IF_ERROR(ReadParameters(settings, allow_http, connection));
  ORDERFLOW_RETURN_IF_ERROR(ReadAllowedUrls(settings, allow_http, connection));
  return connection;
}

// The name in `arn:aws:events:REGION:ACCOUNT:connection/NAME/ID`; empty where it is no such ARN.
std::string_view NameInArn(std::string_view arn) {
  constexpr std::string_view kConnection = ":connection/";
  const size_t found = arn.find(kConnection);
  if (arn.substr(0, 4) != "arn:" || arn.find(":events:") == std::string_view::npos ||
      found == std::string_view::npos)
    return "";
  const std::string_view rest = arn.substr(found + kConnection.size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

bool IsHeaderName(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return IsControl(c) && c != '\t'; });
}

bool HttpConnection::Allows(const http::Url& url) const {
  return std::any_of(allowed_urls.begin(), allowed_urls.end(),
                     [&url](const http::Url& allowed) { return url.IsWithin(allowed); });
}

const HttpConnection* FindConnection(const HttpConnections& connections, std::string_view arn) {
  auto found = connections.find(arn);
  if (found == connections.end()) found = connections.find(NameInArn(arn));
  return found == connections.end() ? nullptr : &found->second;
}

absl::StatusOr<HttpConnections> ParseHttpConnections(std::string_view text,
                                                     const std::string& directory) {
  const json::ParseResult parsed = json::Parse(text);
  if (!parsed.value) {
    // Without the parser's words, which may show what stands there.
    return absl::InvalidArgumentError(
        absl::StrCat("no JSON: line ", parsed.error->line, ", column ", parsed.error->column));
  }
  if (!parsed.value->IsObject()) {
    return absl::InvalidArgumentError(
        "expected an object of connections by their names, such as {\"payments\": "
        "{\"AuthorizationType\": \"BASIC\", ...}}");
  }
  HttpConnections connections;
  for (const json::Member& member : parsed.value->AsMembers()) {
    if (member.key.empty()) return absl::InvalidArgumentError("a connection without a name");
    ORDERFLOW_ASSIGN_OR_RETURN(HttpConnection connection,
                               ReadConnection(member.key, member.value, directory));
    if (!connections.emplace(member.key, std::move(connection)).second)
      return absl::InvalidArgumentError(Quote(member.key, 200) + ": is there twice");
  }
  return connections;
}

absl::StatusOr<HttpConnections> ReadHttpConnections(const std::string& path) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string text, settings::ReadPrivateFile(path));
  absl::StatusOr<HttpConnections> connections =
      ParseHttpConnections(text, std::filesystem::path(path).parent_path().string());
  if (connections.ok()) return connections;
  return absl::Status(connections.status().code(),
                      absl::StrCat(path, ": ", std::string(connections.status().message())));
}

}  // namespace orderflow::tasks
