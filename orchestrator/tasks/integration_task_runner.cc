#include "orchestrator/tasks/integration_task_runner.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "orchestrator/asl/resource.h"
#include "orchestrator/tasks/answered_task.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/grpc_resource.h"

namespace orderflow::tasks {
namespace {

// As long as a task without a timeout may take on AWS.
constexpr absl::Duration kLongestJob = absl::Seconds(99'999'999);

// Integrations that are carried out here in another way, and the setting for it.
constexpr struct {
  std::string_view type;
  std::string_view instead;
} kOwn[] = {
    {"lambda", "--lambda_functions maps functions"},
    {"http", "--http_connections has the connections that it needs"},
    {"states", "it starts executions here"},
};

class IntegrationTaskRunner final : public TaskRunner {
 public:
  IntegrationTaskRunner(Integrations integrations, std::shared_ptr<TaskRunner> grpc,
                        const Clock& clock)
      : integrations_(std::move(integrations)), grpc_(std::move(grpc)), clock_(clock) {}

  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override {
    const auto mapped = integrations_.find(call.resource);
    if (mapped == integrations_.end()) {
      return AnswerLater(callbacks_, asl::Failure{asl::kErrorRuntime, NotMapped(call.resource)},
                         std::move(done));
    }
    call.resource = mapped->second;
    call.member_names = MemberNames::kAws;
    if (!call.submitted) return grpc_->Run(std::move(call), std::move(done));
    // A job: its service says nothing before it is done, so that it is on record as accepted then.
    if (!call.deadline.has_value()) call.deadline = clock_.Now() + kLongestJob;
    auto submitted = std::exchange(call.submitted, nullptr);
    return grpc_->Run(std::move(call), [submitted = std::move(submitted),
                                        done = std::move(done)](TaskOutcome outcome) mutable {
      if (const auto* output = std::get_if<json::Value>(&outcome)) submitted(*output);
      std::move(done)(std::move(outcome));
    });
  }

  std::optional<std::string> CheckResource(std::string_view resource) const override {
    if (integrations_.contains(resource)) return std::nullopt;
    return NotMapped(resource);
  }

 private:
  static std::string NotMapped(std::string_view resource) {
    return absl::StrCat("the service integration ", std::string(resource),
                        " is not carried out here: map it to a gRPC method in the file of "
                        "--integrations, as {\"",
                        std::string(resource), "\": \"grpc://HOST:PORT/package.Service/Method\"}");
  }

  const Integrations integrations_;
  const std::shared_ptr<TaskRunner> grpc_;
  const Clock& clock_;
  CallbackThread callbacks_;
};

// What is wrong with the left side of a mapping.
std::optional<std::string> CheckIntegration(const std::string& text) {
  const asl::Resource resource = asl::ParseResource(text);
  const bool is_arn = text.rfind(kIntegrationArn, 0) == 0;
  if (!is_arn || resource.action.empty() || resource.is_activity ||
      !asl::IsKnownIntegration(resource)) {
    return "no service integration of AWS; expected arn:aws:states:::SERVICE:ACTION, perhaps with "
           ".waitForTaskToken or .sync behind it, where the service offers that";
  }
  for (const auto& own : kOwn) {
    if (resource.type == own.type)
      return absl::StrCat("cannot be mapped: ", std::string(own.instead));
  }
  return std::nullopt;
}

std::optional<std::string> CheckMethod(const std::string& text) {
  const absl::StatusOr<GrpcResource> method = ParseGrpcResource(text);
  if (!method.ok()) return std::string(method.status().message());
  if (method->waits_for_token)
    return Quote(text) + ": how the task waits is said by the integration alone";
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Integrations> ParseIntegrations(std::string_view text) {
  const json::ParseResult parsed = json::Parse(text);
  if (!parsed.value) {
    return absl::InvalidArgumentError(absl::StrCat("line ", parsed.error->line, ", column ",
                                                   parsed.error->column, ": ",
                                                   parsed.error->message));
  }
  if (!parsed.value->IsObject()) {
    return absl::InvalidArgumentError(
        "expected an object such as {\"arn:aws:states:::sns:publish\": "
        "\"grpc://HOST:PORT/package.Service/Method\"}");
  }
  Integrations integrations;
  for (const json::Member& member : parsed.value->AsMembers()) {
    std::optional<std::string> problem = CheckIntegration(member.key);
    if (!problem && !member.value.IsString()) problem = "expected a text, grpc://...";
    if (!problem) problem = CheckMethod(member.value.AsString());
    if (!problem && !integrations.emplace(member.key, member.value.AsString()).second)
      problem = "is there twice";
    if (problem)
      return absl::InvalidArgumentError(absl::StrCat(Quote(member.key, 200), ": ", *problem));
  }
  return integrations;
}

std::unique_ptr<TaskRunner> MakeIntegrationTaskRunner(Integrations integrations,
                                                      std::shared_ptr<TaskRunner> grpc,
                                                      const Clock& clock) {
  return std::make_unique<IntegrationTaskRunner>(std::move(integrations), std::move(grpc), clock);
}

}  // namespace orderflow::tasks
