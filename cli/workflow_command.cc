#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/read_file.h"
#include "cli/session.h"
#include "cli/state_machines.h"
#include "cli/table.h"
#include "cli/validate_command.h"
#include "common/base/status.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::cli {
namespace {

// --- list ---

ExitCode List(Session& session) {
  const absl::StatusOr<workflow::v1::ListStateMachinesResponse> all = ListStateMachines(session);
  if (!all.ok()) return session.Fail(all.status());
  if (session.json) {
    session.PrintJson(*all);
    return ExitCode::kOk;
  }
  Table table({{"STATE MACHINE"}, {"TYPE"}, {"CREATED"}, {"ARN"}});
  for (const workflow::v1::StateMachineListItem& item : all->state_machines()) {
    table.AddRow(
        {item.name(),
         WithoutPrefix(workflow::v1::StateMachineType_Name(item.type()), "STATE_MACHINE_TYPE_"),
         FormatTimestamp(item.creation_date()), item.state_machine_arn()});
  }
  session.out() << table.ToString();
  return ExitCode::kOk;
}

// --- deploy ---

struct DeployFlags {
  std::string file;
  std::string name;
  std::string type = "standard";
  std::string role_arn;
};

// "workflows/order-processing.asl.json" is order-processing.
std::string NameFromFile(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  for (const char* suffix : {".json", ".asl"}) {
    if (absl::EndsWith(name, suffix)) name.resize(name.size() - std::string_view(suffix).size());
  }
  return name;
}

absl::Status Create(Session& session, const DeployFlags& flags, const std::string& definition) {
  workflow::v1::CreateStateMachineRequest request;
  request.set_name(flags.name);
  request.set_definition(definition);
  request.set_role_arn(flags.role_arn);
  request.set_type(flags.type == "express" ? workflow::v1::STATE_MACHINE_TYPE_EXPRESS
                                           : workflow::v1::STATE_MACHINE_TYPE_STANDARD);
  workflow::v1::CreateStateMachineResponse response;
  ORDERFLOW_RETURN_IF_ERROR(
      session.Call(absl::StrCat(kWorkflowService, "CreateStateMachine"), request, response));
  if (session.json) {
    session.PrintJson(response);
  } else {
    session.out() << "State machine " << flags.name
                  << " is there: " << Printable(response.state_machine_arn()) << "\n";
  }
  return absl::OkStatus();
}

absl::Status Update(Session& session, const DeployFlags& flags, const std::string& definition) {
  workflow::v1::UpdateStateMachineRequest request;
  ORDERFLOW_ASSIGN_OR_RETURN(*request.mutable_state_machine_arn(),
                             FindStateMachine(session, flags.name));
  request.set_definition(definition);
  if (!flags.role_arn.empty()) request.set_role_arn(flags.role_arn);
  workflow::v1::UpdateStateMachineResponse response;
  ORDERFLOW_RETURN_IF_ERROR(
      session.Call(absl::StrCat(kWorkflowService, "UpdateStateMachine"), request, response));
  if (session.json) {
    session.PrintJson(response);
  } else {
    session.out() << "State machine " << flags.name << " is updated: new executions run revision "
                  << Printable(response.revision_id()) << "\n";
  }
  return absl::OkStatus();
}

ExitCode Deploy(Session& session, DeployFlags flags) {
  const absl::StatusOr<std::string> definition = ReadFile(flags.file);
  if (!definition.ok())
    return session.Fail(ExitCode::kUsage, std::string(definition.status().message()));
  if (flags.name.empty()) flags.name = NameFromFile(flags.file);
  absl::Status status = Create(session, flags, *definition);
  if (absl::IsAlreadyExists(status)) status = Update(session, flags, *definition);
  return status.ok() ? ExitCode::kOk : session.Fail(status);
}

void AddDeploy(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<DeployFlags>();
  CLI::App* command = parent.add_subcommand(
      "deploy", "Create a state machine from a file, or update the one that exists");
  command->add_option("file", flags->file, "The definition, Amazon States Language in JSON")
      ->required();
  command->add_option("--name", flags->name,
                      "Its name; the file's name without .asl.json by default");
  command->add_option("--type", flags->type, "standard: journaled; express: in memory only")
      ->check(CLI::IsMember({"standard", "express"}))
      ->capture_default_str();
  command->add_option("--role-arn", flags->role_arn, "Kept and shown, as on AWS");
  command->footer("Example:\n  orderflow workflow deploy workflows/order-processing.asl.json");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return Deploy(session, *flags); };
  });
}

}  // namespace

void AddWorkflowCommands(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("workflow", "Check, deploy and list state machines");
  command->require_subcommand(1);
  CLI::App* list = command->add_subcommand("list", "List state machines, newest first");
  list->footer("Example:\n  orderflow workflow list");
  list->callback([&session] { session.action = [&session] { return List(session); }; });
  AddDeploy(*command, session);
  AddValidateCommand(*command, session);
}

}  // namespace orderflow::cli
