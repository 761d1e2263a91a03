#include "lambda/invocation_loop.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/failure/failure.h"
#include "common/failure/rpc_status.h"
#include "common/logging/logging.h"

namespace orderflow::lambda {
namespace {

// What the answer needs to get out before Lambda stops the function.
constexpr std::chrono::milliseconds kTimeToAnswer(50);

failure::TaskFailure FailureOf(const absl::Status& status) {
  return failure::FromStatus(failure::ForCaller(status));
}

void LogFailure(const Invocation& invocation, const absl::Status& status) {
  const bool ours = failure::IsOurFault(status.code());
  logging::Log(ours ? logging::Level::kError : logging::Level::kWarning, "invocation failed",
               {{"request_id", invocation.request_id},
                {"trace_id", invocation.trace_id},
                {"code", StatusCodeName(status.code())},
                {"error", std::string(status.message())}});
}

absl::StatusOr<json::Value> ParseEvent(const std::string& text) {
  json::ParseResult parsed = json::Parse(text);
  if (parsed.value.has_value()) return *std::move(parsed.value);
  const json::ParseError& error = *parsed.error;
  return absl::InvalidArgumentError(absl::StrCat("the event is no JSON: line ", error.line,
                                                 ", column ", error.column, ": ", error.message));
}

}  // namespace

bool IsScheduledEvent(const json::Value& event) {
  const json::Value* source = event.Find("source");
  const json::Value* type = event.Find("detail-type");
  return source != nullptr && type != nullptr && *source == json::Value("aws.events") &&
         *type == json::Value("Scheduled Event");
}

absl::Status InvocationLoop::Run() {
  const absl::Status opened = Open();
  if (!opened.ok() && !absl::IsUnavailable(opened)) {
    // That this could not be reported either would be no better a reason to end.
    api_.FailInit(FailureOf(opened)).IgnoreError();
    return opened;
  }
  while (true) {
    ORDERFLOW_ASSIGN_OR_RETURN(const Invocation invocation, api_.Next());
    ORDERFLOW_RETURN_IF_ERROR(Answer(invocation));
  }
}

absl::Status InvocationLoop::Open() {
  ORDERFLOW_ASSIGN_OR_RETURN(functions_, open_());
  if (functions_->handlers().count(name_) > 0) return absl::OkStatus();
  std::string known;
  for (const auto& [name, handler] : functions_->handlers())
    known.append(known.empty() ? "" : ", ").append(name);
  functions_.reset();
  return absl::InvalidArgumentError("the function's handler is " + Quote(name_) +
                                    "; this package has " + known);
}

absl::Status InvocationLoop::Answer(const Invocation& invocation) {
  absl::StatusOr<json::Value> result = Handle(invocation);
  absl::Status answered;
  if (result.ok()) {
    answered = api_.Respond(invocation.request_id, json::Serialize(*result));
    if (!absl::IsFailedPrecondition(answered)) return answered;
    result = answered;  // refused; an error is shorter
  }
  LogFailure(invocation, result.status());
  answered = api_.Fail(invocation.request_id, FailureOf(result.status()));
  return absl::IsFailedPrecondition(answered) ? absl::OkStatus() : answered;
}

absl::StatusOr<json::Value> InvocationLoop::Handle(const Invocation& invocation) {
  try {
    return HandleEvent(invocation);
  } catch (const std::exception& exception) {
    return absl::InternalError(absl::StrCat("exception: ", exception.what()));
  } catch (...) {
    return absl::InternalError("an exception of an unknown type");
  }
}

absl::StatusOr<json::Value> InvocationLoop::HandleEvent(const Invocation& invocation) {
  const Instant deadline = invocation.deadline - kTimeToAnswer;
  if (deadline <= std::chrono::steady_clock::now())
    return absl::DeadlineExceededError("the deadline had passed before the call began");
  ORDERFLOW_ASSIGN_OR_RETURN(const json::Value event, ParseEvent(invocation.event));
  if (functions_ == nullptr) ORDERFLOW_RETURN_IF_ERROR(Open());
  if (IsScheduledEvent(event)) return functions_->RunBackgroundWork(deadline);
  return functions_->handlers().at(name_)(event, deadline);
}

}  // namespace orderflow::lambda
