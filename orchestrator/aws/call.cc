#include "orchestrator/aws/call.h"

#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"

namespace orderflow::aws {
namespace {

constexpr std::string_view kTargetPrefix = "AWSStepFunctions.";
constexpr size_t kMaxShown = 100;

// The path of a target: a request over a proxy has the whole URL there (RFC 9112, 3.2.2).
std::string_view PathOf(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(absl::string_view(target.data(), target.size()),
                                    absl::string_view(scheme.data(), scheme.size()))) {
      continue;
    }
    const size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target.substr(0, target.find('?'));
}

Fault SerializationFault(std::string message) {
  return {400, "SerializationException", std::move(message)};
}

}  // namespace

Fault UnknownOperation(std::string_view what) {
  return {400, "UnknownOperationException", std::string(what)};
}

std::variant<Call, Fault> ReadCall(const http::ServerRequest& request) {
  if (request.method != "POST") {
    return Fault{405, "UnknownOperationException",
                 "operations of Step Functions are requests with the method POST"};
  }
  if (PathOf(request.target) != "/") {
    return Fault{404, "UnknownOperationException",
                 "operations of Step Functions are requests for the path /"};
  }
  // A page in somebody's browser cannot send this header to another host without asking that host
  // first, which is refused (method OPTIONS): it is also what keeps such pages out.
  const std::string* target = request.Header("x-amz-target");
  if (target == nullptr) return UnknownOperation("the header X-Amz-Target is missing");
  if (target->rfind(kTargetPrefix, 0) != 0) {
    return UnknownOperation(absl::StrCat("X-Amz-Target must be AWSStepFunctions.<Operation>, not ",
                                         Quote(*target, kMaxShown)));
  }
  json::ParseResult parsed = json::Parse(request.body.empty() ? "{}" : request.body);
  if (!parsed.value) {
    return SerializationFault(absl::StrCat("the body is no JSON: ", parsed.error->message,
                                           " at line ", parsed.error->line, ", column ",
                                           parsed.error->column));
  }
  if (!parsed.value->IsObject()) return SerializationFault("the body must be a JSON object");
  return Call{target->substr(kTargetPrefix.size()), *std::move(parsed.value)};
}

}  // namespace orderflow::aws
