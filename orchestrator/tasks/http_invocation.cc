#include "orchestrator/tasks/http_invocation.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/http/client.h"

namespace orderflow::tasks {
namespace {

using json::Value;

constexpr std::string_view kMembers[] = {"ApiEndpoint",      "Authentication", "Headers",
                                         "InvocationConfig", "Method",         "QueryParameters",
                                         "RequestBody",      "Transform"};
constexpr std::string_view kMethods[] = {"GET",   "POST",    "PUT", "DELETE",
                                         "PATCH", "OPTIONS", "HEAD"};

// Headers that the service does not let a task set.
constexpr std::string_view kForbiddenHeaders[] = {
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
};
constexpr std::string_view kForbiddenPrefixes[] = {"x-forwarded-", "x-amz-", "x-amzn-"};

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

template <size_t N>
bool IsOneOf(std::string_view text, const std::string_view (&all)[N]) {
  return std::find(std::begin(all), std::end(all), text) != std::end(all);
}

bool IsForbiddenHeader(const std::string& lower_case_name) {
  return IsOneOf(lower_case_name, kForbiddenHeaders) ||
         std::any_of(std::begin(kForbiddenPrefixes), std::end(kForbiddenPrefixes),
                     [&](std::string_view prefix) {
                       return lower_case_name.compare(0, prefix.size(), prefix) == 0;
                     });
}

absl::Status Error(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

// "a=b&c" in its parts, decoded.
void AppendQuery(std::string_view text, std::vector<QueryPair>& query) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    std::optional<std::string> value;
    if (equals != std::string_view::npos) value = http::UrlDecode(part.substr(equals + 1));
    query.emplace_back(http::UrlDecode(part.substr(0, equals)), std::move(value));
  }
}

// Reads parameters, whole or as a definition has them: then what an expression gives is passed
// over. Statuses carry messages only.
class ParameterReader {
 public:
  ParameterReader(bool is_template, HttpInvocation& out) : is_template_(is_template), out_(out) {}

  absl::Status Read(const Value& parameters) {
    if (!parameters.IsObject()) {
      // `"Parameters.$": "$"`, or nothing at all.
      if (is_template_ && !parameters.IsNull()) return absl::OkStatus();
      return Error("The field 'ApiEndpoint' is required but was missing");
    }
    for (const json::Member& member : parameters.AsMembers()) {
      const std::string name(NameOf(member.key));
      if (!IsOneOf(name, kMembers))
        return Error("The field '" + name + "' is not supported by Step Functions");
    }
    ORDERFLOW_RETURN_IF_ERROR(ReadEndpoint(parameters));
    ORDERFLOW_RETURN_IF_ERROR(ReadMethod(parameters));
    ORDERFLOW_RETURN_IF_ERROR(ReadConnection(parameters));
    ORDERFLOW_RETURN_IF_ERROR(ReadHeaders(parameters));
    ORDERFLOW_RETURN_IF_ERROR(ReadQuery(parameters));
    ORDERFLOW_RETURN_IF_ERROR(ReadTransform(parameters));
    if (const Value* body = Known(parameters, "RequestBody"); body != nullptr && !body->IsNull())
      out_.body = *body;
    return absl::OkStatus();
  }

 private:
  // The member that a key of the definition gives: `Method.$` is Method, too.
  std::string_view NameOf(std::string_view key) const {
    const bool is_path = is_template_ && key.size() > 2 && key.substr(key.size() - 2) == ".$";
    return is_path ? key.substr(0, key.size() - 2) : key;
  }

  bool IsExpression(const Value& value) const {
    return is_template_ && value.IsString() && value.AsString().rfind("{%", 0) == 0;
  }

  // The member where its value is known; null where it is absent or an expression gives it.
  const Value* Known(const Value& object, std::string_view name) const {
    const Value* value = object.Find(name);
    return value == nullptr || IsExpression(*value) ? nullptr : value;
  }

  bool Has(const Value& object, const std::string& name) const {
    return object.Find(name) != nullptr || (is_template_ && object.Find(name + ".$") != nullptr);
  }

  absl::Status CheckText(const Value& object, const std::string& name) const {
    if (!Has(object, name)) return Error("The field '" + name + "' is required but was missing");
    const Value* value = Known(object, name);
    if (value == nullptr || value->IsString()) return absl::OkStatus();
    return Error("The value for the field '" + name + "' must be a STRING");
  }

  absl::Status ReadEndpoint(const Value& parameters) {
    ORDERFLOW_RETURN_IF_ERROR(CheckText(parameters, "ApiEndpoint"));
    const Value* endpoint = Known(parameters, "ApiEndpoint");
    if (endpoint == nullptr) return absl::OkStatus();
    absl::StatusOr<http::Url> url = http::ParseUrl(endpoint->AsString());
    if (!url.ok()) {
      return Error(absl::StrCat("The value of the field 'ApiEndpoint' is ",
                                std::string(url.status().message())));
    }
    out_.url = *std::move(url);
    AppendQuery(out_.url.query, out_.query);
    return absl::OkStatus();
  }

  absl::Status ReadMethod(const Value& parameters) {
    ORDERFLOW_RETURN_IF_ERROR(CheckText(parameters, "Method"));
    const Value* method = Known(parameters, "Method");
    if (method == nullptr) return absl::OkStatus();
    out_.method = method->AsString();
    if (IsOneOf(out_.method, kMethods)) return absl::OkStatus();
    return Error(
        "The field 'Method' should have one of these values: [GET, POST, PUT, DELETE, PATCH, "
        "OPTIONS, HEAD]");
  }

  absl::Status ReadConnection(const Value& parameters) {
    const char* field = Has(parameters, "InvocationConfig") ? "InvocationConfig" : "Authentication";
    if (!Has(parameters, field))
      return Error("The field 'Authentication' is required but was missing");
    const Value* config = Known(parameters, field);
    if (config == nullptr) return absl::OkStatus();
    ORDERFLOW_RETURN_IF_ERROR(CheckText(*config, "ConnectionArn"));
    if (const Value* arn = Known(*config, "ConnectionArn")) out_.connection_arn = arn->AsString();
    return absl::OkStatus();
  }

  absl::Status ReadHeaders(const Value& parameters) {
    const Value* headers = Known(parameters, "Headers");
    if (headers == nullptr || headers->IsNull()) return absl::OkStatus();
    if (!headers->IsObject()) return Error("The value for the field 'Headers' must be an OBJECT");
    std::string forbidden;
    for (const json::Member& member : headers->AsMembers()) {
      const std::string name = Lower(NameOf(member.key));
      if (IsForbiddenHeader(name)) absl::StrAppend(&forbidden, forbidden.empty() ? "" : ", ", name);
    }
    if (!forbidden.empty())
      return Error("The 'Headers' field contains unsupported values: [" + forbidden + "]");
    for (const json::Member& member : headers->AsMembers()) {
      if (NameOf(member.key) != member.key || IsExpression(member.value)) continue;
      ORDERFLOW_RETURN_IF_ERROR(ReadHeader(member));
    }
    return absl::OkStatus();
  }

  absl::Status ReadHeader(const json::Member& member) {
    std::string text;
    bool is_text = IsScalar(member.value);
    if (is_text) text = ScalarText(member.value);
    if (member.value.IsArray()) {
      const json::Array& items = member.value.AsArray();
      is_text = std::all_of(items.begin(), items.end(), IsScalar);
      for (size_t i = 0; is_text && i < items.size(); ++i)
        absl::StrAppend(&text, i == 0 ? "" : ", ", ScalarText(items[i]));
    }
    if (!is_text || !IsHeaderName(member.key) || !IsHeaderValue(text)) {
      return Error("The 'Headers' field has a member that is no header: " + Quote(member.key, 100));
    }
    out_.headers.emplace_back(member.key, std::move(text));
    return absl::OkStatus();
  }

  absl::Status ReadQuery(const Value& parameters) {
    const Value* query = Known(parameters, "QueryParameters");
    return query == nullptr || query->IsNull() ? absl::OkStatus() : AddQuery(*query);
  }

  absl::Status AddQuery(const Value& query) {
    if (query.IsString()) {
      AppendQuery(query.AsString(), out_.query);
      return absl::OkStatus();
    }
    if (query.IsArray()) {
      for (const Value& item : query.AsArray()) {
        if (item.IsArray()) return Error("The field 'QueryParameters' has a list in a list");
        if (!IsExpression(item)) ORDERFLOW_RETURN_IF_ERROR(AddQuery(item));
      }
      return absl::OkStatus();
    }
    if (!query.IsObject())
      return Error("The value for the field 'QueryParameters' must be a STRING, ARRAY or OBJECT");
    for (const json::Member& member : query.AsMembers()) {
      if (NameOf(member.key) != member.key || IsExpression(member.value)) continue;
      ORDERFLOW_RETURN_IF_ERROR(AddQueryMember(member));
    }
    return absl::OkStatus();
  }

  absl::Status AddQueryMember(const json::Member& member) {
    const json::Array one = {member.value};
    const json::Array& values = member.value.IsArray() ? member.value.AsArray() : one;
    for (const Value& value : values) {
      if (!IsScalar(value)) {
        return Error(
            "The field 'QueryParameters' has a member that is neither a text nor a list "
            "of texts: " +
            Quote(member.key, 100));
      }
      out_.query.emplace_back(member.key, ScalarText(value));
    }
    return absl::OkStatus();
  }

  absl::Status ReadTransform(const Value& parameters) {
    const Value* transform = Known(parameters, "Transform");
    if (transform == nullptr || transform->IsNull()) return absl::OkStatus();
    if (const Value* encoding = Known(*transform, "RequestBodyEncoding")) {
      out_.is_form = *encoding == Value("URL_ENCODED");
      if (!out_.is_form && *encoding != Value("NONE")) {
        return Error(
            "The field 'RequestBodyEncoding' should have one of these values: [NONE, "
            "URL_ENCODED]");
      }
    }
    const Value* options = Known(*transform, "RequestEncodingOptions");
    const Value* format = options == nullptr ? nullptr : Known(*options, "ArrayFormat");
    if (format == nullptr) return absl::OkStatus();
    for (const auto& [name, value] :
         {std::pair("INDICES", ArrayFormat::kIndices), std::pair("REPEAT", ArrayFormat::kRepeat),
          std::pair("COMMAS", ArrayFormat::kCommas),
          std::pair("BRACKETS", ArrayFormat::kBrackets)}) {
      if (*format != Value(name)) continue;
      out_.array_format = value;
      return absl::OkStatus();
    }
    return Error(
        "The field 'ArrayFormat' should have one of these values: [INDICES, REPEAT, COMMAS, "
        "BRACKETS]");
  }

  const bool is_template_;
  HttpInvocation& out_;
};

}  // namespace

bool IsScalar(const Value& value) { return !value.IsObject() && !value.IsArray(); }

std::string ScalarText(const Value& value) {
  if (value.IsNull()) return "";
  return value.IsString() ? value.AsString() : json::Serialize(value);
}

asl::Evaluated<HttpInvocation> ReadHttpInvocation(const Value& parameters) {
  HttpInvocation invocation;
  const absl::Status read = ParameterReader(/*is_template=*/false, invocation).Read(parameters);
  if (!read.ok()) return asl::RuntimeFailure(std::string(read.message()));
  return invocation;
}

std::optional<std::string> CheckHttpParameters(const Value& parameters,
                                               const HttpConnections& connections) {
  HttpInvocation invocation;
  const absl::Status read = ParameterReader(/*is_template=*/true, invocation).Read(parameters);
  if (!read.ok()) return std::string(read.message());
  if (invocation.connection_arn.empty()) return std::nullopt;
  const HttpConnection* connection = FindConnection(connections, invocation.connection_arn);
  if (connection == nullptr) return UnknownConnection(invocation.connection_arn);
  if (invocation.url.host.empty() || connection->Allows(invocation.url)) return std::nullopt;
  return ForbiddenUrl(*connection, invocation.url);
}

std::string UnknownConnection(std::string_view arn) {
  return absl::StrCat("the connection ", Quote(arn, 200),
                      " is not known here: describe it in the file of --http_connections, by its "
                      "name or by this ARN");
}

std::string ForbiddenUrl(const HttpConnection& connection, const http::Url& url) {
  std::string allowed;
  for (const http::Url& prefix : connection.allowed_urls)
    absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", prefix.WithoutQuery());
  return absl::StrCat("the connection ", Quote(connection.name, 200), " is not for ",
                      Quote(url.WithoutQuery(), 300),
                      ": its \"AllowedUrls\" in the file of --http_connections are ", allowed);
}

}  // namespace orderflow::tasks
