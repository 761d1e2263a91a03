#include "orchestrator/asl/resource.h"

#include <algorithm>
#include <vector>

namespace orderflow::asl {
namespace {

constexpr TaskEventNames kServiceEvents = {.scheduled = "TaskScheduled",
                                           .scheduled_details = "taskScheduledEventDetails",
                                           .started = "TaskStarted",
                                           .started_details = "taskStartedEventDetails",
                                           .succeeded = "TaskSucceeded",
                                           .succeeded_details = "taskSucceededEventDetails",
                                           .failed = "TaskFailed",
                                           .failed_details = "taskFailedEventDetails",
                                           .timed_out = "TaskTimedOut",
                                           .timed_out_details = "taskTimedOutEventDetails",
                                           .input = "parameters",
                                           .names_service = true,
                                           .has_input_details = false};

constexpr TaskEventNames kLambdaEvents = {
    .scheduled = "LambdaFunctionScheduled",
    .scheduled_details = "lambdaFunctionScheduledEventDetails",
    .started = "LambdaFunctionStarted",
    .started_details = "",
    .succeeded = "LambdaFunctionSucceeded",
    .succeeded_details = "lambdaFunctionSucceededEventDetails",
    .failed = "LambdaFunctionFailed",
    .failed_details = "lambdaFunctionFailedEventDetails",
    .timed_out = "LambdaFunctionTimedOut",
    .timed_out_details = "lambdaFunctionTimedOutEventDetails",
    .input = "input",
    .names_service = false,
    .has_input_details = true};

constexpr TaskEventNames kActivityEvents = {.scheduled = "ActivityScheduled",
                                            .scheduled_details = "activityScheduledEventDetails",
                                            .started = "ActivityStarted",
                                            .started_details = "activityStartedEventDetails",
                                            .succeeded = "ActivitySucceeded",
                                            .succeeded_details = "activitySucceededEventDetails",
                                            .failed = "ActivityFailed",
                                            .failed_details = "activityFailedEventDetails",
                                            .timed_out = "ActivityTimedOut",
                                            .timed_out_details = "activityTimedOutEventDetails",
                                            .input = "input",
                                            .names_service = false,
                                            .has_input_details = true};

// The first `count - 1` parts between colons, and the rest.
std::vector<std::string_view> SplitArn(std::string_view text, size_t count) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < count) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) break;
    parts.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  parts.push_back(text);
  return parts;
}

constexpr std::string_view kForTaskToken = ".waitForTaskToken";

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

Resource Make(std::string_view text, std::string_view type, std::string_view action,
              const TaskEventNames& events) {
  return Resource{.text = std::string(text),
                  .type = std::string(type),
                  .action = std::string(action),
                  .label = std::string(text),
                  .events = &events};
}

// arn:partition:service:region:account:rest
Resource ParseArn(std::string_view text) {
  const std::vector<std::string_view> parts = SplitArn(text, 6);
  if (parts.size() == 6 && parts[2] == "lambda") return Make(text, "lambda", "", kLambdaEvents);
  if (parts.size() == 6 && parts[2] == "states") {
    const std::string_view rest = parts[5];
    if (rest.substr(0, 9) == "activity:") {
      Resource activity = Make(text, "activity", "", kActivityEvents);
      activity.is_activity = true;
      return activity;
    }
    // The action is behind the last colon: "aws-sdk:s3:getObject" is action getObject of
    // "aws-sdk:s3". What comes behind a dot says how it is waited for.
    const size_t dot = rest.find('.');
    const size_t colon = rest.substr(0, dot).rfind(':');
    if (colon != std::string_view::npos) {
      Resource service = Make(text, rest.substr(0, colon), rest.substr(colon + 1), kServiceEvents);
      service.label = service.type;
      const std::string_view pattern = dot == std::string_view::npos ? "" : rest.substr(dot);
      service.waits_for_token = pattern == kForTaskToken;
      service.is_submitted = service.waits_for_token || pattern == ".sync" || pattern == ".sync:2";
      return service;
    }
  }
  return Make(text, "", text, kServiceEvents);
}

// The optimized integrations, as the service's guide lists them: type, and its actions between
// blanks.
struct Integration {
  std::string_view type, actions;
};
constexpr Integration kIntegrations[] = {
    {"apigateway", " invoke "},
    {"athena", " getQueryExecution getQueryResults startQueryExecution stopQueryExecution "},
    {"batch", " submitJob "},
    {"bedrock", " createModelCustomizationJob invokeModel "},
    {"codebuild",
     " batchDeleteBuilds batchGetReports startBuild startBuildBatch stopBuild "
     "stopBuildBatch retryBuild retryBuildBatch deleteBuildBatch "},
    {"databrew", " startJobRun "},
    {"dynamodb", " deleteItem getItem putItem updateItem "},
    {"ecs", " runTask "},
    {"eks",
     " call createCluster createFargateProfile createNodegroup deleteCluster "
     "deleteFargateProfile deleteNodegroup runJob "},
    {"elasticmapreduce",
     " addStep cancelStep createCluster modifyInstanceFleetByName modifyInstanceGroupByName "
     "setClusterTerminationProtection terminateCluster "},
    {"emr-containers", " createVirtualCluster deleteVirtualCluster startJobRun "},
    {"emr-serverless",
     " cancelJobRun createApplication deleteApplication startApplication startJobRun "
     "stopApplication "},
    {"events", " putEvents "},
    {"glue", " startJobRun "},
    {"http", " invoke "},
    {"lambda", " invoke "},
    {"mediaconvert", " createJob "},
    {"sagemaker",
     " createEndpoint createEndpointConfig createHyperParameterTuningJob "
     "createLabelingJob createModel createProcessingJob createTrainingJob "
     "createTransformJob updateEndpoint "},
    {"sns", " publish "},
    {"sqs", " sendMessage "},
    {"states", " startExecution "},
};

// The services that do not offer a way of waiting with any of their actions.
constexpr std::string_view kWithoutSync =
    " apigateway aws-sdk dynamodb events http lambda sns sqs ";
constexpr std::string_view kWithoutToken =
    " athena batch codebuild databrew dynamodb elasticmapreduce emr-containers emr-serverless glue "
    "http mediaconvert sagemaker ";

bool Contains(std::string_view names, std::string_view name) {
  return names.find(" " + std::string(name) + " ") != std::string_view::npos;
}

// `pattern` is what stands behind the action, with its dot.
bool OffersPattern(std::string_view type, std::string_view pattern) {
  const std::string_view service = type.substr(0, type.find(':'));  // aws-sdk:s3 is aws-sdk
  if (pattern == kForTaskToken) return !Contains(kWithoutToken, service);
  if (pattern == ".sync:2") return service == "states";
  return pattern.empty() || (pattern == ".sync" && !Contains(kWithoutSync, service));
}

}  // namespace

bool IsKnownIntegration(const Resource& resource) {
  const std::vector<std::string_view> parts = SplitArn(resource.text, 6);
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "states" || resource.is_activity)
    return true;
  const size_t dot = std::min(resource.action.find('.'), resource.action.size());
  const std::string_view action = std::string_view(resource.action).substr(0, dot);
  if (!OffersPattern(resource.type, std::string_view(resource.action).substr(dot))) return false;
  // Any operation of any service, as its SDK names them.
  if (resource.type.substr(0, 8) == "aws-sdk:") return !action.empty();
  for (const Integration& known : kIntegrations) {
    if (known.type != resource.type) continue;
    return !action.empty() && Contains(known.actions, action);
  }
  return false;
}

Resource ParseResource(std::string_view text) {
  if (text.substr(0, 4) == "arn:") return ParseArn(text);
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return Make(text, "", text, kServiceEvents);
  size_t path = text.find('/', scheme_end + 3);
  // In grpc://dns://NAMESERVER/host:port/package.Service/Method it is the fourth.
  if (text.substr(scheme_end + 3, 6) == "dns://") {
    for (int i = 0; i < 3 && path != std::string_view::npos; ++i) path = text.find('/', path + 1);
  }
  Resource method =
      Make(text, text.substr(0, scheme_end),
           path == std::string_view::npos ? "" : text.substr(path + 1), kServiceEvents);
  method.waits_for_token = EndsWith(method.action, kForTaskToken);
  method.is_submitted = method.waits_for_token;
  return method;
}

}  // namespace orderflow::asl
