#include "orchestrator/asl/integration_parameters.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace orderflow::asl {
namespace {

// The members that the service itself asks for, as it has been seen to.
struct Required {
  std::string_view type, action, member;
};
constexpr Required kRequired[] = {
    {"lambda", "invoke", "FunctionName"}, {"states", "startExecution", "StateMachineArn"},
    {"sqs", "sendMessage", "QueueUrl"},   {"sqs", "sendMessage", "MessageBody"},
    {"sns", "publish", "Message"},        {"dynamodb", "putItem", "TableName"},
    {"dynamodb", "putItem", "Item"},      {"dynamodb", "getItem", "TableName"},
    {"dynamodb", "getItem", "Key"},       {"events", "putEvents", "Entries"},
    {"ecs", "runTask", "TaskDefinition"}, {"glue", "startJobRun", "JobName"},
};

bool IsIntegration(const Resource& resource) {
  return resource.text.starts_with("arn:") && resource.events->names_service &&
         !resource.type.empty();
}

// The integrations that are carried out here, with all their members, the needed one first.
enum class MemberType : uint8_t { kAny, kText };
struct Member {
  std::string_view name;
  MemberType type;
};
constexpr Member kLambdaMembers[] = {
    {"FunctionName", MemberType::kText},   {"Payload", MemberType::kAny},
    {"InvocationType", MemberType::kText}, {"LogType", MemberType::kText},
    {"Qualifier", MemberType::kText},      {"ClientContext", MemberType::kText},
};
constexpr Member kStartMembers[] = {
    {"StateMachineArn", MemberType::kText},
    {"Name", MemberType::kText},
    {"Input", MemberType::kAny},
    {"TraceHeader", MemberType::kText},
};

std::span<const Member> MembersOf(const Resource& resource) {
  if (!IsIntegration(resource)) return {};
  if (resource.type == "lambda") return kLambdaMembers;
  if (resource.type == "states") return kStartMembers;
  return {};
}

std::optional<std::string> ProblemOfMember(std::span<const Member> members,
                                           const json::Member& given) {
  const auto known = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.name == given.key; });
  if (known == members.end())
    return "The field \"" + given.key + "\" is not supported by Step Functions";
  if (known->type == MemberType::kAny || given.value.IsString() || given.value.IsNull())
    return std::nullopt;
  return "The value for the field '" + given.key + "' must be a STRING";
}

std::string Missing(std::string_view member) {
  return "The field '" + std::string(member) + "' is required but was missing";
}

std::string_view ActionOf(const Resource& resource) {
  return std::string_view(resource.action).substr(0, resource.action.find('.'));
}

}  // namespace

bool CheckIntegrationParameters(const Resource& resource, ObjectReader& state) {
  // Arguments are JSONata's, and were told of.
  if (!IsIntegration(resource) || state.Has("Arguments")) return true;
  const json::Value* parameters = state.object().Find("Parameters");
  if (parameters == nullptr) {
    state.Error("Parameters field is required for resource ARN: " + resource.text);
    return false;
  }
  if (!parameters->IsObject()) return true;
  bool right = true;
  const auto report = [&](std::string problem) {
    state.ErrorAt("Parameters", std::move(problem));
    right = false;
  };
  const std::string_view action = ActionOf(resource);
  for (const Required& required : kRequired) {
    if (required.type != resource.type || required.action != action) continue;
    const std::string member(required.member);
    if (parameters->Find(member) == nullptr && parameters->Find(member + ".$") == nullptr)
      report(Missing(member));
  }
  const std::span<const Member> members = MembersOf(resource);
  for (const json::Member& given : parameters->AsMembers()) {
    if (members.empty() || given.key.ends_with(".$")) continue;
    if (std::optional<std::string> problem = ProblemOfMember(members, given))
      report(*std::move(problem));
  }
  return right;
}

std::optional<std::string> ProblemOfParameters(const Resource& resource,
                                               const json::Value& parameters) {
  const std::span<const Member> members = MembersOf(resource);
  if (members.empty() || !parameters.IsObject()) return std::nullopt;
  const std::string_view needed = members.front().name;
  const json::Value* value = parameters.Find(needed);
  if (value == nullptr || value->IsNull()) return Missing(needed);
  for (const json::Member& given : parameters.AsMembers()) {
    if (std::optional<std::string> problem = ProblemOfMember(members, given)) return problem;
  }
  return std::nullopt;
}

}  // namespace orderflow::asl
