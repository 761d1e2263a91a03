#include "common/database/connection.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace orderflow::database {
namespace {

// PostgreSQL has no NUL in text; SQLite would take it, and hide the rest from some of its
// functions.
absl::Status CheckParameters(absl::Span<const Parameter> parameters) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto* text = std::get_if<std::string_view>(&parameters[i]);
    if (text != nullptr && text->find('\0') != std::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("text for $", i + 1, " has a NUL character at ", text->find('\0')));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> Connection::RunUnlessFailed(std::string_view sql,
                                                    absl::Span<const Parameter> parameters,
                                                    std::vector<Row>* rows) {
  if (!failure_.ok()) return failure_;
  failure_ = CheckParameters(parameters);
  if (!failure_.ok()) return failure_;
  absl::StatusOr<int64_t> changed = Run(sql, parameters, rows);
  if (!changed.ok()) failure_ = changed.status();
  return changed;
}

absl::StatusOr<int64_t> Connection::Execute(std::string_view sql,
                                            absl::Span<const Parameter> parameters) {
  return RunUnlessFailed(sql, parameters, nullptr);
}

absl::StatusOr<std::vector<Row>> Connection::Query(std::string_view sql,
                                                   absl::Span<const Parameter> parameters) {
  std::vector<Row> rows;
  const absl::StatusOr<int64_t> changed = RunUnlessFailed(sql, parameters, &rows);
  if (!changed.ok()) return changed.status();
  return rows;
}

absl::StatusOr<std::vector<int64_t>> Connection::ExecuteAll(
    absl::Span<const Statement> statements) {
  for (const Statement& statement : statements) {
    if (failure_.ok()) failure_ = CheckParameters(statement.parameters);
  }
  if (!failure_.ok()) return failure_;
  absl::StatusOr<std::vector<int64_t>> changed = RunAll(statements);
  if (!changed.ok()) failure_ = changed.status();
  return changed;
}

absl::Status Connection::RunBody(Database::Body& body, bool read_only) {
  failure_ = absl::OkStatus();
  body_reads_only_ = read_only;
  absl::Status status = body(*this);
  body_reads_only_ = false;
  if (status.ok()) status = std::move(failure_);
  failure_ = absl::OkStatus();
  return status;
}

}  // namespace orderflow::database
