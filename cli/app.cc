// The command line as a whole: global flags, help, and what to say about a command line that is
// wrong.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/base/nearest_word.h"
#include "common/json/value.h"
#include "common/version/version.h"

namespace orderflow::cli {
namespace {

constexpr char kFooter[] =
    "Examples:\n"
    "  orderflow up                                   start everything in this process, on this "
    "machine\n"
    "  orderflow order place --id 12345 --product sku-001 --quantity 1 --email user@example.com\n"
    "  orderflow order list --outcome failed\n"
    "  orderflow help order place                     what a command takes\n"
    "\n"
    "Exit status: 0 done (an order: confirmed), 1 order not confirmed or definition with "
    "mistakes,\n"
    "2 wrong command line, 3 server cannot be reached or cannot answer now, 4 not found,\n"
    "5 invalid or in conflict with what is there, 6 any other error, 7 order still in progress.";

void AddGlobalFlags(CLI::App& app, Session& session) {
  app.add_option("--address", session.orchestrator_address, "Where the orchestrator listens")
      ->envname("ORDERFLOW_ADDRESS")
      ->capture_default_str();
  app.add_option("--inventory-address", session.inventory_address,
                 "Where the inventory service listens, for `stock`")
      ->envname("ORDERFLOW_INVENTORY_ADDRESS")
      ->capture_default_str();
  app.add_flag("--json", session.json, "Print JSON for programs instead of tables for people");
  app.add_option("--timeout", session.timeout_seconds,
                 "Wait at most so many seconds for an answer or an outcome")
      ->envname("ORDERFLOW_TIMEOUT")
      ->check(CLI::Range(0.001, 1e9))
      ->capture_default_str();
  app.add_flag("--tls", session.tls.enabled, "Connect with TLS")->envname("ORDERFLOW_TLS");
  app.add_option("--tls-ca", session.tls.ca_file,
                 "Trust these certificate authorities (PEM file) instead of the system's")
      ->envname("ORDERFLOW_TLS_CA");
  app.add_option("--tls-cert", session.tls.cert_file,
                 "Our own certificate (PEM file), for mutual TLS")
      ->envname("ORDERFLOW_TLS_CERT");
  app.add_option("--tls-key", session.tls.key_file, "The key of --tls-cert (PEM file)")
      ->envname("ORDERFLOW_TLS_KEY");
  app.add_option("--tls-server-name", session.tls.server_name,
                 "Expect this name in the server's certificate")
      ->envname("ORDERFLOW_TLS_SERVER_NAME");
}

// The last command that the command line named: what an error is about.
CLI::App& NamedCommand(CLI::App& app) {
  CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::string PathOf(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name()
                           : absl::StrCat(PathOf(*parent), " ", command.get_name());
}

std::vector<std::string> SubcommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* subcommand : command.get_subcommands(nullptr))
    names.push_back(subcommand->get_name());
  return names;
}

// All flags that can stand behind a command, its own and the global ones.
std::vector<std::string> FlagNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* level = &command; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string DescribeUnknown(const CLI::App& command, const std::string& word) {
  const bool is_flag = absl::StartsWith(word, "-") && word != "-";
  const std::vector<std::string> candidates =
      is_flag ? FlagNames(command) : SubcommandNames(command);
  const std::string name = word.substr(0, word.find('='));
  std::string message;
  if (is_flag) {
    message = absl::StrCat("unknown flag ", name, " for `", PathOf(command), "`");
  } else if (candidates.empty()) {
    message = absl::StrCat("unexpected argument '", word, "' for `", PathOf(command), "`");
  } else {
    message = absl::StrCat("unknown command '", word, "' for `", PathOf(command), "`");
  }
  if (const auto nearest = NearestWord(name, candidates))
    return absl::StrCat(message, "; did you mean ", *nearest, "?");
  return message;
}

ExitCode ExplainUsage(CLI::App& app, const CLI::ParseError& error, Session& session) {
  const CLI::App& command = NamedCommand(app);
  const std::vector<std::string> unknown = app.remaining(true);
  std::string message = unknown.empty() ? error.what() : DescribeUnknown(command, unknown.front());
  if (unknown.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
      !SubcommandNames(command).empty()) {
    message = absl::StrCat("`", PathOf(command), "` needs a command");
  }
  std::string help_words = PathOf(command);
  help_words.insert(app.get_name().size(), " help");
  return session.Fail(ExitCode::kUsage, absl::StrCat(message, " (see: ", help_words, ")"));
}

void AddHelpCommand(CLI::App& app, Session& session) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* help = app.add_subcommand("help", "Show what a command takes");
  help->add_option("command", *words, "The command");
  help->callback([&app, &session, words] {
    session.action = [&app, &session, words] {
      CLI::App* command = &app;
      for (const std::string& word : *words) {
        const std::vector<std::string> names = SubcommandNames(*command);
        if (std::find(names.begin(), names.end(), word) == names.end()) {
          return session.Fail(ExitCode::kUsage, DescribeUnknown(*command, word));
        }
        command = command->get_subcommand(word);
      }
      // `up` reads its flags as servers do, not as the parser here.
      session.out() << (command->get_name() == "up" ? UpHelp() : command->help());
      return ExitCode::kOk;
    };
  });
}

void AddVersionCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("version", "Show which version this is");
  command->callback([&session] {
    session.action = [&session] {
      if (session.json) {
        const json::Value build =
            json::Value::Object({{"version", std::string(version::Number())},
                                 {"revision", std::string(version::Revision())},
                                 {"compiler", std::string(version::Compiler())},
                                 {"build_type", std::string(version::BuildType())}});
        session.out() << json::Serialize(build) << "\n";
      } else {
        session.out() << version::Line("orderflow") << "\n";
      }
      return ExitCode::kOk;
    };
  });
}

// Lets global flags stand behind a command as well as before it.
void AllowGlobalFlagsEverywhere(CLI::App& command) {
  for (CLI::App* subcommand : command.get_subcommands(nullptr)) {
    if (subcommand->get_name() == "up") continue;
    subcommand->fallthrough();
    AllowGlobalFlagsEverywhere(*subcommand);
  }
}

}  // namespace

int RunCli(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
           bool out_is_terminal) {
  Session session(out, err, out_is_terminal);
  CLI::App app("Orderflow: orders as durable workflows, one gRPC service per task.", "orderflow");
  app.set_help_flag("--help,-h", "Show this and exit");
  app.set_version_flag("--version", version::Line("orderflow"), "Show the version and exit");
  app.require_subcommand(1);
  app.footer(kFooter);
  AddGlobalFlags(app, session);
  AddUpCommand(app, session);
  AddOrderCommands(app, session);
  AddExecutionCommands(app, session);
  AddWorkflowCommands(app, session);
  AddStockCommands(app, session);
  AddHealthCommand(app, session);
  AddBenchCommand(app, session);
  AddVersionCommand(app, session);
  AddHelpCommand(app, session);
  AllowGlobalFlagsEverywhere(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out << NamedCommand(app).help();
    return static_cast<int>(ExitCode::kOk);
  } catch (const CLI::CallForVersion& asked) {
    out << asked.what() << "\n";
    return static_cast<int>(ExitCode::kOk);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(ExplainUsage(app, error, session));
  }
  const bool has_tls_files = !session.tls.ca_file.empty() || !session.tls.cert_file.empty();
  session.tls.enabled = session.tls.enabled || has_tls_files;
  return static_cast<int>(session.action());
}

}  // namespace orderflow::cli
