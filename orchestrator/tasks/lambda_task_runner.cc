#include "orchestrator/tasks/lambda_task_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/http/client.h"
#include "orchestrator/asl/resource.h"
#include "orchestrator/tasks/answered_task.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/lambda_answer.h"
#include "orchestrator/tasks/lambda_function.h"
#include "orchestrator/tasks/lambda_invocation.h"

namespace orderflow::tasks {
namespace {

// The engine's own timer for a task comes first, as it writes the history's event; this is for
// when it does not.
constexpr absl::Duration kDeadlineSlack = absl::Milliseconds(250);

// A request to the endpoint.
class Asked final : public RunningTask {
 public:
  Asked(std::shared_ptr<Waiter> waiter, http::Client& client, http::Client::Ticket ticket)
      : waiter_(std::move(waiter)), client_(client), ticket_(ticket) {}
  ~Asked() override { Cancel(); }
  void Cancel() override {
    if (waiter_->Drop()) client_.Cancel(ticket_);
  }

 private:
  const std::shared_ptr<Waiter> waiter_;
  http::Client& client_;
  const http::Client::Ticket ticket_;
};

class LambdaTaskRunner final : public TaskRunner {
 public:
  LambdaTaskRunner(const LambdaTaskRunnerOptions& options, std::shared_ptr<TaskRunner> grpc,
                   std::shared_ptr<const http::AwsSignature> signature, const Clock& clock)
      : options_(options),
        grpc_(std::move(grpc)),
        signature_(std::move(signature)),
        clock_(clock),
        client_({.timeout = options.default_deadline,
                 .connect_timeout = options.connect_timeout,
                 .max_response_bytes = options.max_answer_bytes,
                 .max_connections = options.max_connections}) {}

  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override;
  std::optional<std::string> CheckResource(std::string_view resource) const override;
  std::optional<std::string> CheckArguments(std::string_view resource,
                                            const json::Value& arguments) const override;
  void FindTypes(std::string_view resource, TypesDone done) override;

 private:
  // Empty if the function is none of the mapped ones.
  std::string_view Mapped(const LambdaFunction& function) const;
  // Why the function, which is not mapped, cannot be called here.
  std::optional<std::string> WhyNot(const LambdaFunction& function) const;

  std::unique_ptr<RunningTask> Refuse(asl::Failure failure, TaskDone done);
  std::unique_ptr<RunningTask> RunMapped(std::string_view resource, LambdaInvocation invocation,
                                         TaskCall call, TaskDone done);
  std::unique_ptr<RunningTask> Ask(LambdaInvocation invocation, TaskCall call, TaskDone done);
  http::Request MakeRequest(LambdaInvocation& invocation, const TaskCall& call,
                            absl::Duration left) const;
  bool FitsPayload(const http::Response& response) const;
  TaskOutcome OutcomeOf(const LambdaInvocation& invocation, const std::string& resource,
                        const absl::StatusOr<http::Response>& response) const;

  const LambdaTaskRunnerOptions options_;
  const std::shared_ptr<TaskRunner> grpc_;
  const std::shared_ptr<const http::AwsSignature> signature_;  // null: none
  const Clock& clock_;
  // Last, so that they end first: their callbacks use the rest.
  CallbackThread callbacks_;
  http::Client client_;
};

std::unique_ptr<RunningTask> LambdaTaskRunner::Run(TaskCall call, TaskDone done) {
  asl::Evaluated<LambdaInvocation> invocation = ReadLambdaInvocation(call);
  if (!invocation.ok()) return Refuse(std::move(invocation).failure(), std::move(done));
  if (const std::string_view resource = Mapped(invocation->function); !resource.empty())
    return RunMapped(resource, *std::move(invocation), std::move(call), std::move(done));
  if (std::optional<std::string> problem = WhyNot(invocation->function)) {
    return Refuse(asl::Failure{"Lambda.ResourceNotFoundException", *std::move(problem)},
                  std::move(done));
  }
  return Ask(*std::move(invocation), std::move(call), std::move(done));
}

std::string_view LambdaTaskRunner::Mapped(const LambdaFunction& function) const {
  const auto found = options_.functions.find(function.name);
  return found == options_.functions.end() ? std::string_view() : found->second;
}

std::optional<std::string> LambdaTaskRunner::WhyNot(const LambdaFunction& function) const {
  if (options_.endpoint.empty()) {
    return absl::StrCat("the function ", function.ToString(), " cannot be called: name a Lambda ",
                        "endpoint by --lambda_endpoint, or map \"", function.name,
                        "\" to a gRPC method in the file of --lambda_functions");
  }
  const auto differs = [](const std::string& asked, const std::string& ours) {
    return !asked.empty() && !ours.empty() && asked != ours;
  };
  if (differs(function.region, options_.region)) {
    return absl::StrCat("the function ", function.ToString(), " is in another region than ",
                        options_.region, " (--lambda_region), which ", options_.endpoint,
                        " serves");
  }
  if (differs(function.account, options_.account)) {
    return absl::StrCat("the function ", function.ToString(), " is of another account than ",
                        options_.account, " (--lambda_account), whose functions are called at ",
                        options_.endpoint);
  }
  return std::nullopt;
}

std::unique_ptr<RunningTask> LambdaTaskRunner::Refuse(asl::Failure failure, TaskDone done) {
  return AnswerLater(callbacks_, std::move(failure), std::move(done));
}

std::unique_ptr<RunningTask> LambdaTaskRunner::RunMapped(std::string_view resource,
                                                         LambdaInvocation invocation, TaskCall call,
                                                         TaskDone done) {
  if (!invocation.invocation_type.empty() && invocation.invocation_type != "RequestResponse") {
    return Refuse(asl::Failure{kLambdaInvalidParameter,
                               absl::StrCat("the function ", invocation.function.ToString(),
                                            " is mapped to ", std::string(resource),
                                            ", where InvocationType can only be RequestResponse")},
                  std::move(done));
  }
  call.resource = std::string(resource);
  if (!invocation.enveloped) return grpc_->Run(std::move(call), std::move(done));
  json::ParseResult payload = json::Parse(invocation.payload);
  if (!payload.value) {
    return Refuse(asl::Failure{"Lambda.InvalidRequestContentException",
                               absl::StrCat("the parameter \"Payload\" is no JSON text: ",
                                            payload.error->message)},
                  std::move(done));
  }
  call.input = *std::move(payload.value);
  const std::string request_id = absl::StrCat(call.idempotency_key, "/", call.try_number);
  return grpc_->Run(std::move(call),
                    [request_id, done = std::move(done)](TaskOutcome outcome) mutable {
                      if (auto* output = std::get_if<json::Value>(&outcome))
                        outcome = LambdaEnvelope(std::move(*output), request_id);
                      std::move(done)(std::move(outcome));
                    });
}

std::unique_ptr<RunningTask> LambdaTaskRunner::Ask(LambdaInvocation invocation, TaskCall call,
                                                   TaskDone done) {
  const absl::Time now = clock_.Now();
  const absl::Time deadline =
      call.deadline.has_value() ? *call.deadline + kDeadlineSlack : now + options_.default_deadline;
  if (deadline <= now) return Refuse(asl::Failure{asl::kErrorTimeout, {}}, std::move(done));
  http::Request request = MakeRequest(invocation, call, deadline - now);
  auto waiter = std::make_shared<Waiter>(std::move(done));
  const http::Client::Ticket ticket =
      client_.Send(std::move(request), [this, waiter, invocation = std::move(invocation),
                                        resource = std::move(call.resource)](auto response) {
        waiter->Tell(OutcomeOf(invocation, resource, response));
      });
  return std::make_unique<Asked>(std::move(waiter), client_, ticket);
}

http::Request LambdaTaskRunner::MakeRequest(LambdaInvocation& invocation, const TaskCall& call,
                                            absl::Duration left) const {
  http::Request request;
  // By its bare name, which needs no escaping: what libcurl signs is the path as it stands.
  request.url = absl::StrCat(options_.endpoint, "/2015-03-31/functions/", invocation.function.name,
                             "/invocations");
  if (!invocation.function.qualifier.empty())
    request.url += "?Qualifier=" + http::UrlEncode(invocation.function.qualifier);
  request.headers = LambdaHeaders(invocation, call, signature_ == nullptr);
  request.body = std::move(invocation.payload);
  request.timeout = left;
  request.signature = signature_;
  return request;
}

TaskOutcome LambdaTaskRunner::OutcomeOf(const LambdaInvocation& invocation,
                                        const std::string& resource,
                                        const absl::StatusOr<http::Response>& response) const {
  const bool fits =
      response.ok() ? FitsPayload(*response) : !absl::IsResourceExhausted(response.status());
  if (!fits) {
    return asl::Failure{asl::kErrorDataLimitExceeded,
                        "The state/task '" + asl::ParseResource(resource).label +
                            "' returned a result with a size exceeding the maximum number of "
                            "bytes service limit."};
  }
  if (response.ok()) return ReadLambdaAnswer(invocation, *response, options_.endpoint);
  if (absl::IsDeadlineExceeded(response.status()))
    return asl::Failure{asl::kErrorTimeout, std::nullopt};
  return asl::Failure{
      "Lambda.SdkClientException",
      absl::StrCat("Unable to execute HTTP request to ", options_.endpoint, " for ",
                   invocation.function.ToString(), ": ", std::string(response.status().message()))};
}

bool LambdaTaskRunner::FitsPayload(const http::Response& response) const {
  const bool is_payload = response.status >= 200 && response.status <= 299 &&
                          response.Header("X-Amz-Function-Error").empty();
  return !is_payload || response.body.size() <= options_.max_payload_bytes;
}

std::optional<std::string> LambdaTaskRunner::CheckResource(std::string_view resource) const {
  if (resource == kLambdaInvoke || resource == kLambdaInvokeForToken) {
    if (!options_.endpoint.empty() || !options_.functions.empty()) return std::nullopt;
    return absl::StrCat(Quote(resource), " cannot be carried out: name a Lambda endpoint by ",
                        "--lambda_endpoint, or map functions to gRPC methods by ",
                        "--lambda_functions");
  }
  if (resource.substr(0, kLambdaArn.size()) != kLambdaArn) {
    return absl::StrCat(Quote(resource, 200), " is not supported; of Lambda's there are ",
                        std::string(kLambdaInvoke), " and the ARNs of functions");
  }
  const absl::StatusOr<LambdaFunction> function = ParseLambdaArn(resource);
  if (!function.ok()) return std::string(function.status().message());
  return Mapped(*function).empty() ? WhyNot(*function) : std::nullopt;
}

std::optional<std::string> LambdaTaskRunner::CheckArguments(std::string_view resource,
                                                            const json::Value& arguments) const {
  if (resource != kLambdaInvoke && resource != kLambdaInvokeForToken) return std::nullopt;
  const json::Value* name = arguments.Find("FunctionName");
  if (name == nullptr || !name->IsString()) return std::nullopt;
  // What is no name, an expression among it, is found when the task runs, as on AWS.
  const absl::StatusOr<LambdaFunction> function = ParseFunctionName(name->AsString());
  if (!function.ok() || !Mapped(*function).empty()) return std::nullopt;
  return WhyNot(*function);
}

void LambdaTaskRunner::FindTypes(std::string_view resource, TypesDone done) {
  const absl::StatusOr<LambdaFunction> function = ParseLambdaArn(resource);
  const std::string_view mapped = function.ok() ? Mapped(*function) : std::string_view();
  if (!mapped.empty()) return grpc_->FindTypes(mapped, std::move(done));
  std::move(done)(std::optional<typecheck::TaskTypes>());
}

// --- Options ---

bool IsHttpUrl(const std::string& url) {
  for (const absl::string_view scheme : {"https://", "http://"}) {
    if (!absl::StartsWith(url, scheme)) continue;
    const std::string rest = url.substr(scheme.size());
    const bool is_host = !rest.empty() && rest.find_first_of("/?#@ \t\r\n") == std::string::npos;
    return is_host;
  }
  return false;
}

absl::Status CheckMapping(const LambdaTaskRunnerOptions& options, const TaskRunner& grpc) {
  for (const auto& [name, resource] : options.functions) {
    const absl::StatusOr<LambdaFunction> function = ParseFunctionName(name);
    if (!function.ok() || function->name != name) {
      return absl::InvalidArgumentError(
          absl::StrCat("--lambda_functions: ", Quote(name), " is not the bare name of a function"));
    }
    if (std::optional<std::string> problem = grpc.CheckResource(resource)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--lambda_functions: ", Quote(name), ": ", *problem));
    }
  }
  return absl::OkStatus();
}

// Null where nothing is to be signed.
absl::StatusOr<std::shared_ptr<const http::AwsSignature>> MakeSignature(
    const LambdaTaskRunnerOptions& options) {
  if (options.access_key_id.empty() != options.secret_access_key.empty()) {
    return absl::InvalidArgumentError(
        "an AWS access key needs both its parts: --lambda_access_key_id and "
        "--lambda_secret_access_key (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)");
  }
  if (options.endpoint.empty() || options.access_key_id.empty()) return nullptr;
  if (options.region.empty()) {
    return absl::InvalidArgumentError(
        "requests to Lambda are signed for a region: --lambda_region (or AWS_REGION) is missing");
  }
  for (const std::string* text : {&options.access_key_id, &options.secret_access_key,
                                  &options.session_token, &options.region}) {
    if (std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c <= '~'; }))
      continue;
    return absl::InvalidArgumentError(
        "AWS credentials and region must be of visible ASCII characters");
  }
  return std::make_shared<const http::AwsSignature>(
      http::AwsSignature{.region = options.region,
                         .service = "lambda",
                         .access_key_id = options.access_key_id,
                         .secret_access_key = options.secret_access_key,
                         .session_token = options.session_token});
}

}  // namespace

absl::StatusOr<std::unique_ptr<TaskRunner>> CreateLambdaTaskRunner(
    const LambdaTaskRunnerOptions& options, std::shared_ptr<TaskRunner> grpc, const Clock& clock) {
  LambdaTaskRunnerOptions checked = options;
  while (!checked.endpoint.empty() && checked.endpoint.back() == '/') checked.endpoint.pop_back();
  if (!checked.endpoint.empty() && !IsHttpUrl(checked.endpoint)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--lambda_endpoint: ", Quote(options.endpoint, 200),
                     " is no URL such as https://lambda.eu-central-1.amazonaws.com or "
                     "http://localhost:9001 (without a path)"));
  }
  if (checked.max_connections < 1)
    return absl::InvalidArgumentError("--lambda_connections must be at least 1");
  ORDERFLOW_RETURN_IF_ERROR(CheckMapping(checked, *grpc));
  ORDERFLOW_ASSIGN_OR_RETURN(std::shared_ptr<const http::AwsSignature> signature,
                             MakeSignature(checked));
  return std::unique_ptr<TaskRunner>(
      std::make_unique<LambdaTaskRunner>(checked, std::move(grpc), std::move(signature), clock));
}

}  // namespace orderflow::tasks
