#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/history_detail.h"
#include "cli/session.h"
#include "cli/state_machines.h"
#include "cli/table.h"
#include "common/base/status.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::cli {
namespace {

constexpr int kLargestPage = 1000;
constexpr size_t kDetailWidth = 100;

std::string StatusName(workflow::v1::ExecutionStatus status) {
  return WithoutPrefix(workflow::v1::ExecutionStatus_Name(status), "EXECUTION_STATUS_");
}

// Which execution, as people name it.
struct ExecutionFlags {
  std::string execution;
  std::string state_machine = kOrderStateMachine;
};

void AddExecutionFlags(CLI::App& command, ExecutionFlags& flags) {
  command
      .add_option("execution", flags.execution, "Its name (for an order: the order's id) or ARN")
      ->required();
  command.add_option("--state-machine", flags.state_machine, "Name or ARN of its state machine")
      ->capture_default_str();
}

// --- list ---

struct ListFlags {
  std::string state_machine = kOrderStateMachine;
  std::string status;
  int limit = 50;
};

absl::StatusOr<workflow::v1::ListExecutionsRequest> BuildListRequest(Session& session,
                                                                     const ListFlags& flags) {
  workflow::v1::ListExecutionsRequest request;
  if (!flags.status.empty()) {
    workflow::v1::ExecutionStatus status = workflow::v1::EXECUTION_STATUS_UNSPECIFIED;
    if (!workflow::v1::ExecutionStatus_Parse(
            absl::StrCat("EXECUTION_STATUS_", absl::AsciiStrToUpper(flags.status)), &status)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--status ", flags.status,
                       ": expected one of running, succeeded, failed, timed_out, aborted"));
    }
    request.set_status_filter(status);
  }
  ORDERFLOW_ASSIGN_OR_RETURN(*request.mutable_state_machine_arn(),
                             FindStateMachine(session, flags.state_machine));
  return request;
}

absl::StatusOr<workflow::v1::ListExecutionsResponse> ReadExecutions(Session& session,
                                                                    const ListFlags& flags) {
  ORDERFLOW_ASSIGN_OR_RETURN(workflow::v1::ListExecutionsRequest request,
                             BuildListRequest(session, flags));
  workflow::v1::ListExecutionsResponse all;
  while (true) {
    const int wanted = flags.limit > 0 ? flags.limit - all.executions_size() : kLargestPage;
    request.set_max_results(std::min(wanted, kLargestPage));
    workflow::v1::ListExecutionsResponse page;
    ORDERFLOW_RETURN_IF_ERROR(
        session.Call(absl::StrCat(kWorkflowService, "ListExecutions"), request, page));
    all.mutable_executions()->MergeFrom(page.executions());
    if (!page.has_next_token()) return all;
    if (flags.limit > 0 && all.executions_size() >= flags.limit) {
      all.set_next_token(page.next_token());
      return all;
    }
    request.set_next_token(page.next_token());
  }
}

ExitCode List(Session& session, const ListFlags& flags) {
  const absl::StatusOr<workflow::v1::ListExecutionsResponse> executions =
      ReadExecutions(session, flags);
  if (!executions.ok()) return session.Fail(executions.status());
  if (session.json) {
    session.PrintJson(*executions);
    return ExitCode::kOk;
  }
  Table table({{"EXECUTION"}, {"STATUS"}, {"STARTED"}, {"TOOK", Table::Align::kRight}});
  for (const workflow::v1::ExecutionListItem& item : executions->executions()) {
    table.AddRow({item.name(), StatusName(item.status()), FormatTimestamp(item.start_date()),
                  item.has_stop_date()
                      ? FormatLength(ToTime(item.stop_date()) - ToTime(item.start_date()))
                      : ""});
  }
  session.out() << table.ToString();
  if (executions->has_next_token()) session.out() << "There are more; see --limit.\n";
  return ExitCode::kOk;
}

// --- describe ---

void PrintDescription(Session& session, const workflow::v1::DescribeExecutionResponse& execution) {
  std::ostream& out = session.out();
  out << "Execution " << Printable(execution.name()) << ": " << StatusName(execution.status())
      << "\n"
      << "  arn:     " << Printable(execution.execution_arn()) << "\n"
      << "  started: " << FormatTimestamp(execution.start_date()) << "\n";
  if (execution.has_stop_date()) {
    out << "  ended:   " << FormatTimestamp(execution.stop_date()) << " (after "
        << FormatLength(ToTime(execution.stop_date()) - ToTime(execution.start_date())) << ")\n";
  }
  if (execution.has_redrive_date()) {
    out << "  redriven: " << FormatTimestamp(execution.redrive_date()) << " (redrive "
        << execution.redrive_count() << ")\n";
  }
  if (execution.has_error()) out << "  error:   " << Printable(execution.error()) << "\n";
  if (execution.has_cause()) out << "  cause:   " << Printable(execution.cause()) << "\n";
  if (execution.has_input()) out << "  input:   " << Printable(execution.input()) << "\n";
  if (execution.has_output()) out << "  output:  " << Printable(execution.output()) << "\n";
}

ExitCode Describe(Session& session, const ExecutionFlags& flags) {
  const absl::StatusOr<std::string> arn =
      FindExecution(session, flags.execution, flags.state_machine);
  if (!arn.ok()) return session.Fail(arn.status());
  workflow::v1::DescribeExecutionRequest request;
  request.set_execution_arn(*arn);
  workflow::v1::DescribeExecutionResponse response;
  const absl::Status status =
      session.Call(absl::StrCat(kWorkflowService, "DescribeExecution"), request, response);
  if (!status.ok()) return session.Fail(status);
  if (session.json) {
    session.PrintJson(response);
  } else {
    PrintDescription(session, response);
  }
  return ExitCode::kOk;
}

// --- history ---

absl::StatusOr<workflow::v1::GetExecutionHistoryResponse> ReadHistory(Session& session,
                                                                      const ExecutionFlags& flags) {
  workflow::v1::GetExecutionHistoryRequest request;
  ORDERFLOW_ASSIGN_OR_RETURN(*request.mutable_execution_arn(),
                             FindExecution(session, flags.execution, flags.state_machine));
  request.set_max_results(kLargestPage);
  workflow::v1::GetExecutionHistoryResponse all;
  while (true) {
    workflow::v1::GetExecutionHistoryResponse page;
    ORDERFLOW_RETURN_IF_ERROR(
        session.Call(absl::StrCat(kWorkflowService, "GetExecutionHistory"), request, page));
    all.mutable_events()->MergeFrom(page.events());
    if (!page.has_next_token()) return all;
    request.set_next_token(page.next_token());
  }
}

ExitCode History(Session& session, const ExecutionFlags& flags) {
  const absl::StatusOr<workflow::v1::GetExecutionHistoryResponse> history =
      ReadHistory(session, flags);
  if (!history.ok()) return session.Fail(history.status());
  if (session.json) {
    session.PrintJson(*history);
    return ExitCode::kOk;
  }
  Table table(
      {{"ID", Table::Align::kRight}, {"AFTER", Table::Align::kRight}, {"EVENT"}, {"DETAIL"}});
  for (const workflow::v1::HistoryEvent& event : history->events()) {
    const absl::Duration after = ToTime(event.timestamp()) - ToTime(history->events(0).timestamp());
    table.AddRow({absl::StrCat(event.id()), FormatLength(after), event.type(),
                  Shortened(Printable(HistoryDetail(event)), kDetailWidth)});
  }
  session.out() << table.ToString();
  return ExitCode::kOk;
}

// --- stop ---

struct StopFlags : ExecutionFlags {
  std::optional<std::string> error;
  std::optional<std::string> cause;
};

ExitCode Stop(Session& session, const StopFlags& flags) {
  const absl::StatusOr<std::string> arn =
      FindExecution(session, flags.execution, flags.state_machine);
  if (!arn.ok()) return session.Fail(arn.status());
  workflow::v1::StopExecutionRequest request;
  request.set_execution_arn(*arn);
  if (flags.error) request.set_error(*flags.error);
  if (flags.cause) request.set_cause(*flags.cause);
  workflow::v1::StopExecutionResponse response;
  const absl::Status status =
      session.Call(absl::StrCat(kWorkflowService, "StopExecution"), request, response);
  if (!status.ok()) return session.Fail(status);
  if (session.json) {
    session.PrintJson(response);
  } else {
    session.out() << "Execution " << Printable(flags.execution) << " ended "
                  << FormatTimestamp(response.stop_date()) << "\n";
  }
  return ExitCode::kOk;
}

// --- redrive ---

ExitCode Redrive(Session& session, const ExecutionFlags& flags) {
  const absl::StatusOr<std::string> arn =
      FindExecution(session, flags.execution, flags.state_machine);
  if (!arn.ok()) return session.Fail(arn.status());
  workflow::v1::RedriveExecutionRequest request;
  request.set_execution_arn(*arn);
  workflow::v1::RedriveExecutionResponse response;
  const absl::Status status =
      session.Call(absl::StrCat(kWorkflowService, "RedriveExecution"), request, response);
  if (!status.ok()) return session.Fail(status);
  if (session.json) {
    session.PrintJson(response);
  } else {
    session.out() << "Execution " << Printable(flags.execution) << " goes on since "
                  << FormatTimestamp(response.redrive_date()) << "\n";
  }
  return ExitCode::kOk;
}

void AddList(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command =
      parent.add_subcommand("list", "List the executions of a state machine, newest first");
  command->add_option("--state-machine", flags->state_machine, "Its name or ARN")
      ->capture_default_str();
  command->add_option("--status", flags->status,
                      "Only running, succeeded, failed, timed_out or aborted ones");
  command->add_option("--limit", flags->limit, "At most so many; 0: all")->capture_default_str();
  command->footer("Example:\n  orderflow execution list --status failed");
  command->callback(
      [&session, flags] { session.action = [&session, flags] { return List(session, *flags); }; });
}

void AddDescribe(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<ExecutionFlags>();
  CLI::App* command =
      parent.add_subcommand("describe", "Show an execution with its input and output");
  AddExecutionFlags(*command, *flags);
  command->footer("Example:\n  orderflow execution describe 12345");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return Describe(session, *flags); };
  });
}

void AddHistory(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<ExecutionFlags>();
  CLI::App* command =
      parent.add_subcommand("history", "Show what happened in an execution, event by event");
  AddExecutionFlags(*command, *flags);
  command->footer(
      "Examples:\n  orderflow execution history 12345\n  orderflow execution history 12345 --json");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return History(session, *flags); };
  });
}

void AddStop(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<StopFlags>();
  CLI::App* command = parent.add_subcommand("stop", "Stop a running execution: it ends as ABORTED");
  AddExecutionFlags(*command, *flags);
  command->add_option("--error", flags->error, "The error it ends with");
  command->add_option("--cause", flags->cause, "Why, for people");
  command->footer(
      "Example:\n  orderflow execution stop 12345 --error Cancelled --cause 'customer called'");
  command->callback(
      [&session, flags] { session.action = [&session, flags] { return Stop(session, *flags); }; });
}

void AddRedrive(CLI::App& parent, Session& session) {
  auto flags = std::make_shared<ExecutionFlags>();
  CLI::App* command = parent.add_subcommand(
      "redrive", "Let an execution that failed, timed out or was stopped go on where it ended");
  AddExecutionFlags(*command, *flags);
  command->footer("Example:\n  orderflow execution redrive 12345");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return Redrive(session, *flags); };
  });
}

}  // namespace

void AddExecutionCommands(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("execution", "Look into workflow executions, stop and redrive them");
  command->require_subcommand(1);
  AddList(*command, session);
  AddDescribe(*command, session);
  AddHistory(*command, session);
  AddStop(*command, session);
  AddRedrive(*command, session);
}

}  // namespace orderflow::cli
