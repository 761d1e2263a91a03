#include "orchestrator/api/workflow_deployment.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/await.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "orchestrator/api/logging_configuration.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {
namespace {

using store::StateMachineRecord;

absl::Status Mistakes(const Deployment& deployment,
                      const std::vector<asl::Diagnostic>& diagnostics) {
  // One line, however many there are: it ends the start of a process, and logs are read by the
  // line.
  std::string text = absl::StrCat(deployment.source, " cannot be run");
  const char* separator = ": ";
  for (const asl::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != asl::Diagnostic::Severity::kError) continue;
    absl::StrAppend(&text, separator, "at ",
                    diagnostic.location.empty() ? "/" : diagnostic.location, ": ",
                    diagnostic.message);
    if (!diagnostic.hint.empty()) absl::StrAppend(&text, " (", diagnostic.hint, ")");
    separator = "; ";
  }
  // A message may quote the definition.
  return absl::InvalidArgumentError(absl::StrReplaceAll(text, {{"\n", " "}}));
}

std::string LoggingText(engine::LogLevel level) {
  workflow::v1::LoggingConfiguration configuration;
  switch (level) {
    case engine::LogLevel::kOff:
      break;
    case engine::LogLevel::kFatal:
      configuration.set_level(workflow::v1::LOG_LEVEL_FATAL);
      break;
    case engine::LogLevel::kError:
      configuration.set_level(workflow::v1::LOG_LEVEL_ERROR);
      break;
    case engine::LogLevel::kAll:
      configuration.set_level(workflow::v1::LOG_LEVEL_ALL);
      break;
  }
  return *EncodeLogging(configuration);
}

}  // namespace

absl::Status Deploy(MachineRegistry& registry, store::ExecutionStore& store,
                    const Deployment& deployment) {
  const asl::ParsedDefinition parsed = registry.Parse(deployment.definition);
  if (parsed.machine == nullptr) return Mistakes(deployment, parsed.diagnostics);
  for (const asl::Diagnostic& warning : parsed.diagnostics) {
    logging::Warning(
        "the workflow has an oddity",
        {{"source", deployment.source}, {"location", warning.location}, {"text", warning.message}});
  }

  const std::string arn = registry.ArnOf(deployment.name);
  const absl::StatusOr<StateMachineRecord> known = Await<StateMachineRecord>(
      [&](Callback<StateMachineRecord> done) { store.GetStateMachine(arn, std::move(done)); });
  if (!known.ok() && !absl::IsNotFound(known.status())) return known.status();

  if (!known.ok()) {
    StateMachineRecord record;
    record.name = deployment.name;
    record.definition = deployment.definition;
    record.logging = LoggingText(deployment.logging.value_or(engine::LogLevel::kOff));
    return Await<StateMachineRecord>([&](Callback<StateMachineRecord> done) {
             registry.Create(std::move(record), std::move(done));
           })
        .status();
  }
  MachineRegistry::Change change;
  if (known->definition != deployment.definition) change.definition = deployment.definition;
  if (deployment.logging && known->logging != LoggingText(*deployment.logging)) {
    change.logging = LoggingText(*deployment.logging);
  }
  if (!change.definition && !change.logging) return absl::OkStatus();
  return Await<StateMachineRecord>([&](Callback<StateMachineRecord> done) {
           registry.Update(arn, std::move(change), std::move(done));
         })
      .status();
}

}  // namespace orderflow::api
