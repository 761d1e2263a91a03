#include "orchestrator/tasks/http_token.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/json/value.h"

namespace orderflow::tasks {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);
// A token is not used when it is about to end: the call that carries it takes time, too.
constexpr absl::Duration kMargin = absl::Seconds(30);

std::string FormOf(const HttpPairs& pairs) {
  std::string form;
  for (const auto& [name, value] : pairs) {
    absl::StrAppend(&form, form.empty() ? "" : "&", http::UrlEncode(name), "=",
                    http::UrlEncode(value));
  }
  return form;
}

bool Has(const HttpPairs& pairs, std::string_view name) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
    return absl::EqualsIgnoreCase(pair.first, absl::string_view(name.data(), name.size()));
  });
}

}  // namespace

void HttpToken::Get(Callback<std::string> done) {
  std::string known;
  {
    MutexLock lock(mutex_);
    if (!token_.empty() && clock_.Now() < ends_) {
      known = token_;
    } else {
      waiting_.push_back(std::move(done));
      if (std::exchange(asking_, true)) return;
    }
  }
  if (!known.empty()) return std::move(done)(std::move(known));
  client_.Send(MakeRequest(),
               [this](absl::StatusOr<http::Response> response) { OnAnswer(std::move(response)); });
}

void HttpToken::Forget(const std::string& token) {
  MutexLock lock(mutex_);
  if (token_ == token) token_.clear();
}

// RFC 6749, 4.4: the client's credentials as a Basic credential, the grant as a form.
http::Request HttpToken::MakeRequest() const {
  const HttpConnection::OAuth& oauth = connection_.oauth;
  HttpPairs query = oauth.additions.query;
  HttpPairs body = oauth.additions.body;
  const bool has_body = oauth.method != "GET";
  HttpPairs& grant = has_body ? body : query;
  if (!Has(body, "grant_type") && !Has(query, "grant_type"))
    grant.emplace_back("grant_type", "client_credentials");

  http::Request request;
  request.method = oauth.method;
  request.timeout = kTimeout;
  request.url = oauth.endpoint.WithoutQuery();
  char separator = '?';
  for (const std::string& part : {oauth.endpoint.query, FormOf(query)}) {
    if (!part.empty()) request.url.append(1, std::exchange(separator, '&')).append(part);
  }
  if (has_body) request.body = FormOf(body);
  const HttpPairs& headers = oauth.additions.headers;
  for (const auto& [name, value] : headers)
    request.headers.push_back(absl::StrCat(name, ": ", value));
  if (!Has(headers, "Authorization")) {
    request.headers.push_back("Authorization: Basic " + absl::Base64Escape(absl::StrCat(
                                                            http::UrlEncode(oauth.client_id), ":",
                                                            http::UrlEncode(oauth.client_secret))));
  }
  if (has_body && !Has(headers, "Content-Type"))
    request.headers.push_back("Content-Type: application/x-www-form-urlencoded");
  if (!Has(headers, "Accept")) request.headers.push_back("Accept: application/json");
  return request;
}

void HttpToken::OnAnswer(absl::StatusOr<http::Response> response) {
  absl::Time ends;
  const absl::StatusOr<std::string> token = ReadToken(response, ends);
  std::vector<Callback<std::string>> waiting;
  {
    MutexLock lock(mutex_);
    asking_ = false;
    token_ = token.value_or("");
    ends_ = ends;
    waiting.swap(waiting_);
  }
  for (Callback<std::string>& done : waiting) std::move(done)(token);
}

absl::StatusOr<std::string> HttpToken::ReadToken(const absl::StatusOr<http::Response>& response,
                                                 absl::Time& ends) const {
  const std::string who = absl::StrCat("the authorization endpoint of the connection ",
                                       Quote(connection_.name, 200), " ");
  if (!response.ok()) {
    return absl::UnavailableError(
        absl::StrCat(who, "cannot be asked: ", std::string(response.status().message())));
  }
  // Never what it answered: that may repeat what it was sent.
  if (response->status < 200 || response->status > 299)
    return absl::PermissionDeniedError(absl::StrCat(who, "answered ", response->status));
  const std::optional<json::Value> answer = json::Parse(response->body).value;
  const json::Value* token = answer ? answer->Find("access_token") : nullptr;
  if (token == nullptr || !token->IsString() || token->AsString().empty() ||
      !IsHeaderValue(token->AsString()))
    return absl::PermissionDeniedError(absl::StrCat(who, "answered without an access_token"));
  ends = absl::InfiniteFuture();  // until it is refused
  const json::Value* lifetime = answer->Find("expires_in");
  if (lifetime != nullptr && lifetime->IsNumber())
    ends = clock_.Now() + absl::Seconds(lifetime->AsDouble()) - kMargin;
  return token->AsString();
}

}  // namespace orderflow::tasks
