// `orderflow workflow validate`: what a compiler does for a program, for a definition.

#include "cli/validate_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/read_file.h"
#include "cli/table.h"
#include "cli/task_types.h"
#include "common/base/await.h"
#include "common/base/status.h"
#include "common/json/text_walk.h"
#include "common/json/value.h"
#include "orchestrator/api/substitutions.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/tasks/definition_check.h"

namespace orderflow::cli {
namespace {

using asl::Diagnostic;

struct ValidateFlags {
  std::vector<std::string> files;
  std::vector<std::string> substitutions;  // NAME=VALUE
  std::string substitutions_file;
  std::string descriptor_set;
  std::string type = "standard";
  bool strict = false;
};

// What `${Name}`s stand for.
struct Names {
  api::Substitutions values;
  // Names without a value are mistakes. Else each is some resource, of which nothing is known.
  bool complete = false;

  std::optional<std::string> Find(std::string_view name) const {
    const auto found = values.find(name);
    if (found != values.end()) return found->second;
    if (complete) return std::nullopt;
    return absl::StrCat("unknown:", std::string(name));
  }
};

absl::StatusOr<Names> ReadNames(const ValidateFlags& flags) {
  Names names;
  names.complete = !flags.substitutions.empty() || !flags.substitutions_file.empty();
  if (!names.complete) names.values = api::OrderSubstitutions({});
  if (!flags.substitutions_file.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::string text, ReadFile(flags.substitutions_file));
    absl::StatusOr<api::Substitutions> read = api::ParseSubstitutions(text);
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flags.substitutions_file, ": ", std::string(read.status().message())));
    }
    names.values = *std::move(read);
  }
  for (const std::string& entry : flags.substitutions) {
    const size_t equals = entry.find('=');
    names.values[entry.substr(0, equals)] =
        equals == std::string::npos ? "" : entry.substr(equals + 1);
  }
  return names;
}

// What people read: AWS repeats the text behind the first line of its message.
std::string FirstLine(const std::string& message) { return message.substr(0, message.find('\n')); }

json::Value ToJson(const std::string& file, const json::TextPosition& place,
                   const Diagnostic& found) {
  const bool is_error = found.severity == Diagnostic::Severity::kError;
  return json::Value::Object({{"file", file},
                              {"line", place.line},
                              {"column", place.column},
                              {"severity", is_error ? "ERROR" : "WARNING"},
                              {"code", found.code},
                              {"location", found.location},
                              {"message", found.message},
                              {"hint", found.hint}});
}

std::string ToLine(const std::string& file, const json::TextPosition& place,
                   const Diagnostic& found) {
  const bool is_error = found.severity == Diagnostic::Severity::kError;
  std::string line =
      absl::StrCat(file, ":", place.line, ":", place.column, ": ", is_error ? "error" : "warning",
                   " ", found.code, ": ", FirstLine(found.message));
  if (!found.hint.empty()) absl::StrAppend(&line, " (", found.hint, ")");
  return line;
}

// Checks files one after the other.
class Validation {
 public:
  Validation(Session& session, const ValidateFlags& flags, Names names, tasks::TaskRunner& types)
      : session_(session), flags_(flags), names_(std::move(names)), types_(types) {}

  ExitCode Run() {
    bool valid = true;
    for (const std::string& file : flags_.files) {
      const absl::StatusOr<std::string> text = ReadFile(file);
      if (!text.ok()) return session_.Fail(ExitCode::kUsage, std::string(text.status().message()));
      valid = Check(file, *text) && valid;
    }
    if (session_.json) {
      session_.out() << json::SerializePretty(json::Value::Object(
                            {{"valid", valid},
                             {"diagnostics", json::Value::FromArray(std::move(all_))}}))
                     << "\n";
    }
    return valid ? ExitCode::kOk : ExitCode::kNotConfirmed;
  }

 private:
  bool Check(const std::string& file, const std::string& text) {
    asl::ParseOptions options;
    options.substitute = [this](std::string_view name) { return names_.Find(name); };
    options.check_resource = [this](std::string_view resource) {
      return types_.CheckResource(resource);
    };
    options.express = flags_.type == "express";
    options.distributed_maps = true;
    asl::ParsedDefinition parsed = asl::ParseStateMachine(text, options);
    std::vector<Diagnostic> all = std::move(parsed.diagnostics);
    if (parsed.machine != nullptr) {
      const std::vector<Diagnostic> found = CheckTypes(parsed.machine);
      all.insert(all.end(), found.begin(), found.end());
    }
    // Where the text is no JSON, there is one finding.
    const std::optional<json::ParseError> error = json::Parse(text).error;
    for (const Diagnostic& found : all) {
      Show(file, found,
           error.has_value() ? json::TextPosition{error->line, error->column}
                             : json::Locate(text, found.location));
    }
    const bool valid = parsed.machine != nullptr && (all.empty() || !flags_.strict);
    if (valid && !session_.json) session_.out() << Printable(file) << ": valid\n";
    return valid;
  }

  std::vector<Diagnostic> CheckTypes(const std::shared_ptr<const asl::StateMachine>& machine) {
    using Found = std::vector<Diagnostic>;
    // Always answers.
    return *Await<Found>(
        [&](Callback<Found> done) { tasks::CheckTypes(machine, types_, std::move(done)); });
  }

  void Show(const std::string& file, const Diagnostic& found, const json::TextPosition& place) {
    if (session_.json) {
      all_.push_back(ToJson(file, place, found));
    } else {
      session_.out() << Printable(ToLine(file, place, found)) << "\n";
    }
  }

  Session& session_;
  const ValidateFlags& flags_;
  const Names names_;
  tasks::TaskRunner& types_;
  json::Array all_;
};

ExitCode Validate(Session& session, const ValidateFlags& flags) {
  absl::StatusOr<Names> names = ReadNames(flags);
  if (!names.ok()) return session.Fail(ExitCode::kUsage, std::string(names.status().message()));
  const absl::StatusOr<std::unique_ptr<tasks::TaskRunner>> types =
      CreateTaskTypes(flags.descriptor_set, session.tls);
  if (!types.ok()) return session.Fail(ExitCode::kUsage, std::string(types.status().message()));
  return Validation(session, flags, *std::move(names), **types).Run();
}

constexpr char kFooter[] =
    "Checks on this machine what the orchestrator would say, and more: whether the gRPC methods "
    "are\n"
    "there, and whether parameters and paths fit their messages. Types come from "
    "--descriptor-set,\n"
    "else from the servers that the resources name; for the order services, from this program "
    "where\n"
    "they cannot be reached.\n"
    "\n"
    "Without substitutions, ${ReceiveOrderFunctionArn} and its like are the order services on\n"
    "localhost, and any other ${NAME} is a resource of which nothing is known.\n"
    "\n"
    "Example:\n"
    "  orderflow workflow validate workflows/*.asl.json\n"
    "Exit status: 0 valid, 1 with errors (with --strict: or warnings), 2 unreadable.";

}  // namespace

void AddValidateCommand(CLI::App& workflow, Session& session) {
  auto flags = std::make_shared<ValidateFlags>();
  CLI::App* command = workflow.add_subcommand(
      "validate", "Check definitions: every mistake with its file, line and column");
  command->add_option("files", flags->files, "The definitions")->required();
  command->add_option("--substitution", flags->substitutions,
                      "NAME=VALUE for ${NAME}; with any given, a name without value is a mistake");
  command->add_option(
      "--substitutions", flags->substitutions_file,
      "The same from a JSON file, {\"NAME\": \"VALUE\"}, as the orchestrator takes");
  command->add_option("--descriptor-set", flags->descriptor_set,
                      "Types of services, as protoc --include_imports --descriptor_set_out writes");
  command->add_option("--type", flags->type, "What they are for: standard or express")
      ->check(CLI::IsMember({"standard", "express"}))
      ->capture_default_str();
  command->add_flag("--strict", flags->strict, "Warnings fail as well");
  command->footer(kFooter);
  command->callback([&session, flags] {
    session.action = [&session, flags] { return Validate(session, *flags); };
  });
}

}  // namespace orderflow::cli
