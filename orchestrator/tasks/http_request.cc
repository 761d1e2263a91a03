#include "orchestrator/tasks/http_request.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "orchestrator/tasks/lambda_invocation.h"

namespace orderflow::tasks {
namespace {

using json::Value;

constexpr size_t kMaxBodyBytes = 1 << 20;
constexpr size_t kMaxUrlBytes = 64 << 10;

// --- Forms ---

class FormWriter {
 public:
  FormWriter(ArrayFormat format, size_t max_bytes) : format_(format), max_bytes_(max_bytes) {}

  // False where it became too large.
  bool Write(const Value& value, const std::string& name) {
    if (value.IsObject()) {
      for (const json::Member& member : value.AsMembers()) {
        const std::string inner =
            name.empty() ? member.key : absl::StrCat(name, "[", member.key, "]");
        if (!Write(member.value, inner)) return false;
      }
      return true;
    }
    if (value.IsArray()) return WriteArray(value.AsArray(), name);
    return Add(name, http::UrlEncode(ScalarText(value)));
  }

  std::string Take() { return std::move(text_); }

 private:
  bool WriteArray(const json::Array& items, const std::string& name) {
    const bool commas =
        format_ == ArrayFormat::kCommas && std::all_of(items.begin(), items.end(), IsScalar);
    if (commas) {
      std::string joined;
      for (const Value& item : items)
        absl::StrAppend(&joined, joined.empty() ? "" : ",", http::UrlEncode(ScalarText(item)));
      return Add(name, joined);
    }
    for (size_t i = 0; i < items.size(); ++i) {
      if (!Write(items[i], NameOfItem(name, i))) return false;
    }
    return true;
  }

  std::string NameOfItem(const std::string& name, size_t index) const {
    switch (format_) {
      case ArrayFormat::kRepeat:
        return name;
      case ArrayFormat::kBrackets:
        return name + "[]";
      case ArrayFormat::kIndices:
      case ArrayFormat::kCommas:  // of what commas cannot say
        break;
    }
    return absl::StrCat(name, "[", index, "]");
  }

  // Long names are written again for each value, so a small input may become a large text.
  bool Add(const std::string& name, const std::string& encoded_value) {
    if (text_.size() + name.size() + encoded_value.size() > max_bytes_) return false;
    absl::StrAppend(&text_, text_.empty() ? "" : "&", http::UrlEncode(name), "=", encoded_value);
    return text_.size() <= max_bytes_;
  }

  const ArrayFormat format_;
  const size_t max_bytes_;
  std::string text_;
};

// --- Requests ---

asl::Failure TooLarge(std::string_view what, size_t max_bytes) {
  return asl::Failure{asl::kErrorDataLimitExceeded,
                      absl::StrCat(std::string(what), " has more than ", max_bytes, " bytes.")};
}

// Replaces what is there of the name.
void SetHeader(std::vector<std::pair<std::string, std::string>>& headers, const std::string& name,
               const std::string& value) {
  std::erase_if(headers,
                [&](const auto& header) { return absl::EqualsIgnoreCase(header.first, name); });
  headers.emplace_back(name, value);
}

bool HasHeader(const std::vector<std::pair<std::string, std::string>>& headers,
               std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, absl::string_view(name.data(), name.size()));
  });
}

asl::Evaluated<std::string> MakeUrl(const HttpInvocation& invocation,
                                    const HttpConnection& connection) {
  std::vector<QueryPair> query = invocation.query;
  for (const auto& [name, value] : connection.additions.query)
    std::erase_if(query, [&name = name](const QueryPair& pair) { return pair.first == name; });
  for (const auto& [name, value] : connection.additions.query) query.emplace_back(name, value);
  std::string url = invocation.url.WithoutQuery();
  char separator = '?';
  for (const auto& [name, value] : query) {
    url += std::exchange(separator, '&');
    url += http::UrlEncode(name);
    if (value.has_value()) url.append("=").append(http::UrlEncode(*value));
    if (url.size() > kMaxUrlBytes) return TooLarge("The URL with its query", kMaxUrlBytes);
  }
  return url;
}

asl::Evaluated<std::string> MakeBody(const HttpInvocation& invocation,
                                     const HttpConnection& connection) {
  std::optional<Value> body = invocation.body;
  if (!connection.additions.body.empty()) {
    if (!body) body = Value::Object({});
    if (!body->IsObject()) {
      return asl::RuntimeFailure(
          "The field 'RequestBody' is no object, so the body parameters of the connection cannot "
          "be merged into it");
    }
    for (const auto& [name, value] : connection.additions.body) body = body->With(name, value);
  }
  if (!body) return std::string();
  if (!invocation.is_form) return body->IsString() ? body->AsString() : json::Serialize(*body);
  if (!body->IsObject()) {
    return asl::RuntimeFailure(
        "The field 'RequestBody' must be an OBJECT where 'RequestBodyEncoding' is URL_ENCODED");
  }
  std::optional<std::string> form = EncodeForm(*body, invocation.array_format, kMaxBodyBytes);
  if (!form) return TooLarge("The URL-encoded body", kMaxBodyBytes);
  return *std::move(form);
}

}  // namespace

asl::Evaluated<http::Request> MakeHttpRequest(const HttpInvocation& invocation,
                                              const HttpConnection& connection,
                                              std::string_view region,
                                              std::string_view traceparent) {
  http::Request request;
  request.method = invocation.method;
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(request.url, MakeUrl(invocation, connection));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(request.body, MakeBody(invocation, connection));
  std::vector<std::pair<std::string, std::string>> headers = invocation.headers;
  for (const auto& [name, value] : connection.additions.headers) SetHeader(headers, name, value);
  for (const auto& [name, value] : connection.credentials) SetHeader(headers, name, value);
  if (!HasHeader(headers, "Content-Type")) {
    headers.emplace_back("Content-Type", invocation.is_form ? "application/x-www-form-urlencoded"
                                                            : "application/json; charset=UTF-8");
  }
  SetHeader(headers, "User-Agent",
            absl::StrCat("Amazon|StepFunctions|HttpInvoke|", std::string(region)));
  SetHeader(headers, "Range", "bytes=0-262144");
  if (const std::string trace = XrayTraceHeader(traceparent); !trace.empty()) {
    SetHeader(headers, "traceparent", std::string(traceparent));
    SetHeader(headers, "X-Amzn-Trace-Id", trace);
  }
  for (const auto& [name, value] : headers) {
    // To libcurl a header that ends with its colon is one to leave out, one with a semicolon is
    // empty.
    request.headers.push_back(value.empty() ? name + ";" : absl::StrCat(name, ": ", value));
  }
  return request;
}

std::optional<std::string> EncodeForm(const Value& object, ArrayFormat format, size_t max_bytes) {
  FormWriter writer(format, max_bytes);
  if (!writer.Write(object, "")) return std::nullopt;
  return writer.Take();
}

}  // namespace orderflow::tasks
