#include "orchestrator/tasks/lambda_invocation.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/json/value.h"

namespace orderflow::tasks {
namespace {

using json::Value;

// Of the encoded client context; the Lambda API takes no more.
constexpr size_t kMaxClientContextBytes = 3583;

asl::Failure InvalidParameter(std::string_view what) {
  return asl::Failure{kLambdaInvalidParameter, std::string(what)};
}

// A parameter that is a text, or absent.
asl::Evaluated<std::string> TakeText(const Value& parameters, std::string_view name) {
  const Value* value = parameters.Find(name);
  if (value == nullptr || value->IsNull()) return std::string();
  if (value->IsString()) return value->AsString();
  return InvalidParameter(absl::StrCat("the parameter ", Quote(name), " is not a string"));
}

asl::Evaluated<std::string> TakeOneOf(const Value& parameters, std::string_view name,
                                      std::initializer_list<std::string_view> allowed) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(std::string text, TakeText(parameters, name));
  if (text.empty()) return text;
  std::string expected;
  for (const std::string_view value : allowed) {
    if (text == value) return text;
    absl::StrAppend(&expected, expected.empty() ? "" : ", ", std::string(value));
  }
  return InvalidParameter(absl::StrCat("the parameter ", Quote(name), " is ", Quote(text),
                                       "; expected one of ", expected));
}

// A text is taken for the JSON text that it is; nothing at all calls with an empty object.
std::string Payload(const Value& parameters) {
  const Value* payload = parameters.Find("Payload");
  if (payload == nullptr || payload->IsNull()) return "{}";
  return payload->IsString() ? payload->AsString() : json::Serialize(*payload);
}

asl::Evaluated<LambdaInvocation> ReadParameters(const Value& parameters) {
  LambdaInvocation invocation;
  invocation.enveloped = true;
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string name, TakeText(parameters, "FunctionName"));
  absl::StatusOr<LambdaFunction> function = ParseFunctionName(name);
  if (!function.ok()) {
    return InvalidParameter(absl::StrCat("the parameter \"FunctionName\" is ",
                                         std::string(function.status().message())));
  }
  invocation.function = *std::move(function);
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string qualifier, TakeText(parameters, "Qualifier"));
  if (!qualifier.empty()) {
    if (!IsLambdaQualifier(qualifier)) {
      return InvalidParameter(absl::StrCat("the parameter \"Qualifier\" is ", Quote(qualifier),
                                           "; expected $LATEST, a version or an alias"));
    }
    invocation.function.qualifier = qualifier;
  }
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(
      invocation.invocation_type,
      TakeOneOf(parameters, "InvocationType", {"RequestResponse", "Event", "DryRun"}));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(invocation.log_type,
                               TakeOneOf(parameters, "LogType", {"None", "Tail"}));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(invocation.client_context, TakeText(parameters, "ClientContext"));
  for (const char c : invocation.client_context) {
    if (!absl::ascii_isalnum(c) && c != '+' && c != '/' && c != '=')
      return InvalidParameter("the parameter \"ClientContext\" is not base64");
  }
  invocation.payload = Payload(parameters);
  return invocation;
}

// The definition's own context with our members in its `custom`.
std::string ClientContext(const std::string& given, const TaskCall& call) {
  Value context = Value::Object({});
  if (!given.empty()) {
    std::string text;
    if (!absl::Base64Unescape(given, &text)) return given;
    const json::ParseResult parsed = json::Parse(text);
    if (!parsed.value || !parsed.value->IsObject()) return given;
    context = *parsed.value;
  }
  const Value* known = context.Find("custom");
  Value custom = known != nullptr && known->IsObject() ? *known : Value::Object({});
  const auto add = [&custom](std::string_view name, const std::string& text) {
    if (!text.empty() && json::IsUtf8(text)) custom = custom.With(name, text);
  };
  add("idempotency-key", call.idempotency_key);
  add("orderflow-execution", call.execution_arn);
  add("orderflow-attempt", absl::StrCat(call.try_number));
  add("traceparent", call.traceparent);
  const std::string encoded =
      absl::Base64Escape(json::Serialize(context.With("custom", std::move(custom))));
  return encoded.size() <= kMaxClientContextBytes ? encoded : given;
}

bool IsHex(std::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c) && !(c >= 'a' && c <= 'f')) return false;
  }
  return true;
}

}  // namespace

asl::Evaluated<LambdaInvocation> ReadLambdaInvocation(const TaskCall& call) {
  if (call.resource == kLambdaInvoke || call.resource == kLambdaInvokeForToken)
    return ReadParameters(call.input);
  absl::StatusOr<LambdaFunction> function = ParseLambdaArn(call.resource);
  if (!function.ok()) return InvalidParameter(std::string(function.status().message()));
  LambdaInvocation invocation;
  invocation.function = *std::move(function);
  invocation.payload = json::Serialize(call.input);
  return invocation;
}

std::vector<std::string> LambdaHeaders(const LambdaInvocation& invocation, const TaskCall& call,
                                       bool with_trace_header) {
  std::vector<std::string> headers = {"Content-Type: application/json"};
  if (!invocation.invocation_type.empty())
    headers.push_back("X-Amz-Invocation-Type: " + invocation.invocation_type);
  if (!invocation.log_type.empty()) headers.push_back("X-Amz-Log-Type: " + invocation.log_type);
  const std::string context = ClientContext(invocation.client_context, call);
  if (!context.empty()) headers.push_back("X-Amz-Client-Context: " + context);
  const std::string trace = with_trace_header ? XrayTraceHeader(call.traceparent) : "";
  if (!trace.empty()) headers.push_back("X-Amzn-Trace-Id: " + trace);
  return headers;
}

std::string XrayTraceHeader(std::string_view traceparent) {
  // 00-<32 digits of the trace>-<16 of the span>-<2 of flags>
  const bool is_one = traceparent.size() == 55 && traceparent.substr(0, 3) == "00-" &&
                      traceparent[35] == '-' && traceparent[52] == '-';
  if (!is_one) return "";
  const std::string trace(traceparent.substr(3, 32));
  const std::string span(traceparent.substr(36, 16));
  const std::string flags(traceparent.substr(53));
  if (!IsHex(trace) || !IsHex(span) || !IsHex(flags)) return "";
  const bool sampled = (std::stoi(flags, nullptr, 16) & 1) != 0;
  return absl::StrCat("Root=1-", trace.substr(0, 8), "-", trace.substr(8), ";Parent=", span,
                      ";Sampled=", sampled ? "1" : "0");
}

}  // namespace orderflow::tasks
