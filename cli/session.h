#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace orderflow::cli {

// What all commands share: the global flags, where output goes, and the connections. A command adds
// itself to the parser and leaves what is to be done in `action`; nothing happens while the command
// line is parsed.
//
// One thread only. Borrows the streams.
class Session {
 public:
  Session(std::ostream& out, std::ostream& err, bool out_is_terminal)
      : out_(out), err_(err), out_is_terminal_(out_is_terminal) {}

  std::string orchestrator_address = "localhost:50050";
  std::string inventory_address = "localhost:50052";
  TlsSettings tls;
  bool json = false;
  double timeout_seconds = 60;

  // Set by the command that the command line names.
  std::function<ExitCode()> action;

  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  bool out_is_terminal() const { return out_is_terminal_; }
  absl::Duration timeout() const { return absl::Seconds(timeout_seconds); }

  // The connections, made at first use.
  Client& orchestrator();
  Client& inventory();

  // Calls a method of the orchestrator or the inventory.
  absl::Status Call(const std::string& method, const google::protobuf::Message& request,
                    google::protobuf::Message& response) {
    return orchestrator().Call(method, request, response, timeout());
  }
  absl::Status CallInventory(const std::string& method, const google::protobuf::Message& request,
                             google::protobuf::Message& response) {
    return inventory().Call(method, request, response, timeout());
  }

  // Prints a message as JSON with proto field names: indented, or on one line where many follow
  // each other.
  void PrintJson(const google::protobuf::Message& message);
  void PrintJsonLine(const google::protobuf::Message& message);
  // One line on stderr (with --json: an object with code, message, reason and field_violations),
  // and the exit code.
  ExitCode Fail(const absl::Status& error);
  ExitCode Fail(ExitCode code, std::string_view message);

 private:
  std::ostream& out_;
  std::ostream& err_;
  const bool out_is_terminal_;
  std::unique_ptr<Client> orchestrator_;
  std::unique_ptr<Client> inventory_;
};

// Each adds its command with all that belongs to it.
void AddUpCommand(CLI::App& app, Session& session);
std::string UpHelp();
void AddOrderCommands(CLI::App& app, Session& session);
void AddExecutionCommands(CLI::App& app, Session& session);
void AddWorkflowCommands(CLI::App& app, Session& session);
void AddStockCommands(CLI::App& app, Session& session);
void AddBenchCommand(CLI::App& app, Session& session);
void AddHealthCommand(CLI::App& app, Session& session);

// The whole program: parses, acts, answers the exit code.
int RunCli(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
           bool out_is_terminal);

}  // namespace orderflow::cli
