#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/session.h"
#include "cli/state_machines.h"
#include "cli/table.h"
#include "common/base/status.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/tasks/grpc_resource.h"
#include "orchestrator/tasks/lambda_function.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::cli {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

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

// --- validate ---

struct ValidateFlags {
  std::vector<std::string> files;
  std::vector<std::string> substitutions;  // NAME=VALUE
};

// Without substitutions given, any name is known: the file is checked for itself.
std::optional<std::string> Substitute(const ValidateFlags& flags, std::string_view name) {
  for (const std::string& entry : flags.substitutions) {
    const size_t equals = entry.find('=');
    if (entry.substr(0, equals) == name)
      return equals == std::string::npos ? "" : entry.substr(equals + 1);
  }
  if (!flags.substitutions.empty()) return std::nullopt;
  return absl::StrCat("grpc://localhost:1/orderflow.Unknown/", std::string(name));
}

// What can be told of a resource without a server. Others than gRPC methods and Lambda functions
// are not ours to judge.
std::optional<std::string> CheckResource(std::string_view resource) {
  absl::Status status;
  if (resource.starts_with("grpc")) status = tasks::ParseGrpcResource(resource).status();
  if (resource.starts_with(tasks::kLambdaArn)) status = tasks::ParseLambdaArn(resource).status();
  return status.ok() ? std::nullopt : std::make_optional(std::string(status.message()));
}

json::Value ToJson(const std::string& file, const asl::Diagnostic& found) {
  const bool is_error = found.severity == asl::Diagnostic::Severity::kError;
  return json::Value::Object({{"file", file},
                              {"severity", is_error ? "ERROR" : "WARNING"},
                              {"code", found.code},
                              {"location", found.location},
                              {"message", found.message}});
}

void PrintDiagnostic(Session& session, const std::string& file, const asl::Diagnostic& found) {
  const bool is_error = found.severity == asl::Diagnostic::Severity::kError;
  session.out() << Printable(file) << ": "
                << (found.location.empty() ? "/" : Printable(found.location)) << ": "
                << (is_error ? "error: " : "warning: ") << Printable(found.message);
  if (!found.code.empty()) session.out() << " [" << found.code << "]";
  session.out() << "\n";
}

ExitCode Validate(Session& session, const ValidateFlags& flags) {
  bool valid = true;
  json::Array all;
  for (const std::string& file : flags.files) {
    const absl::StatusOr<std::string> definition = ReadFile(file);
    if (!definition.ok())
      return session.Fail(ExitCode::kUsage, std::string(definition.status().message()));
    asl::ParseOptions options;
    options.substitute = [&flags](std::string_view name) { return Substitute(flags, name); };
    options.check_resource = CheckResource;
    const asl::ParsedDefinition parsed = asl::ParseStateMachine(*definition, options);
    valid = valid && parsed.machine != nullptr;
    for (const asl::Diagnostic& found : parsed.diagnostics) {
      if (session.json) {
        all.push_back(ToJson(file, found));
      } else {
        PrintDiagnostic(session, file, found);
      }
    }
    if (!session.json && parsed.machine != nullptr) session.out() << Printable(file) << ": valid\n";
  }
  if (session.json) {
    session.out() << json::SerializePretty(json::Value::Object(
                         {{"valid", valid},
                          {"diagnostics", json::Value::FromArray(std::move(all))}}))
                  << "\n";
  }
  return valid ? ExitCode::kOk : ExitCode::kNotConfirmed;
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

void AddValidate(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<ValidateFlags>();
  CLI::App* command = parent.add_subcommand(
      "validate", "Check definitions without any server: every mistake with its place");
  command->add_option("files", flags->files, "The definitions")->required();
  command->add_option("--substitution", flags->substitutions,
                      "NAME=VALUE for ${NAME}; with any given, a name without value is a mistake");
  command->footer(
      "Example:\n  orderflow workflow validate workflows/*.asl.json\nExit status: 0 valid, 1 with "
      "mistakes, 2 unreadable.");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return Validate(session, *flags); };
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
  AddValidate(*command, session);
}

}  // namespace orderflow::cli
