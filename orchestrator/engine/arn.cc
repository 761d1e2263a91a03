#include "orchestrator/engine/arn.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "common/base/check.h"

namespace orderflow::engine {
namespace {

constexpr std::string_view kPrefix = "arn:aws:states:";

std::string Concat(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (std::string_view part : parts) text.append(part);
  return text;
}

// Cuts the text up to the next colon (or the end) off `rest`.
std::string_view TakePart(std::string_view& rest) {
  const size_t colon = rest.find(':');
  const std::string_view part = rest.substr(0, colon);
  rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  return part;
}

std::string Execution(std::string_view kind, std::string_view machine_arn, std::string_view rest) {
  const std::optional<Arn> machine = ParseArn(machine_arn);
  ORDERFLOW_CHECK(machine && machine->kind == Arn::Kind::kStateMachine);
  return Concat({kPrefix, machine->region, ":", machine->account, ":", kind, ":", machine->machine,
                 ":", rest});
}

}  // namespace

std::optional<Arn> ParseArn(std::string_view text) {
  if (text.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  std::string_view rest = text.substr(kPrefix.size());
  Arn arn;
  arn.region = TakePart(rest);
  arn.account = TakePart(rest);
  const std::string_view kind = TakePart(rest);
  arn.machine = TakePart(rest);
  if (kind == "activity") {
    std::swap(arn.machine, arn.name);
    arn.kind = Arn::Kind::kActivity;
    const bool complete = !arn.region.empty() && !arn.account.empty() && !arn.name.empty();
    return complete && text.back() != ':' && rest.empty() ? std::make_optional(arn) : std::nullopt;
  }
  if (arn.region.empty() || arn.account.empty() || arn.machine.empty()) return std::nullopt;
  if (kind == "stateMachine") {
    // What follows would be a version or an alias, which there are none of.
    if (text.back() == ':' || !rest.empty()) return std::nullopt;
    return arn;
  }
  arn.name = TakePart(rest);
  if (arn.name.empty()) return std::nullopt;
  if (kind == "execution") {
    arn.kind = Arn::Kind::kExecution;
  } else if (kind == "mapRun") {
    arn.kind = Arn::Kind::kMapRun;
  } else if (kind == "express") {
    arn.kind = Arn::Kind::kExpress;
    arn.id = TakePart(rest);
    if (arn.id.empty()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (text.back() == ':' || !rest.empty()) return std::nullopt;
  return arn;
}

std::string ActivityArn(std::string_view region, std::string_view account, std::string_view name) {
  return Concat({kPrefix, region, ":", account, ":activity:", name});
}

std::string StateMachineArn(std::string_view region, std::string_view account,
                            std::string_view name) {
  return Concat({kPrefix, region, ":", account, ":stateMachine:", name});
}

std::string ExecutionArn(std::string_view machine_arn, std::string_view name) {
  return Execution("execution", machine_arn, name);
}

std::string ExpressExecutionArn(std::string_view machine_arn, std::string_view name,
                                std::string_view id) {
  return Execution("express", machine_arn, Concat({name, ":", id}));
}

std::string StateMachineArnOf(std::string_view execution_arn) {
  const std::optional<Arn> arn = ParseArn(execution_arn);
  ORDERFLOW_CHECK(arn && (arn->kind == Arn::Kind::kExecution || arn->kind == Arn::Kind::kExpress));
  return StateMachineArn(arn->region, arn->account, arn->machine);
}

}  // namespace orderflow::engine
