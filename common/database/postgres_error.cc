#include "common/database/postgres_error.h"

#include <iterator>

namespace orderflow::database {
namespace {

struct Entry {
  std::string_view prefix;  // of the SQLSTATE: five characters, or its class of two
  PostgresErrorMeaning meaning;
};

constexpr auto kAlive = Fate::kAlive;
constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

// The first entry that fits decides. Names are those of the appendix "PostgreSQL Error Codes".
constexpr Entry kEntries[] = {
    {"40001", {absl::StatusCode::kAborted, Fate::kRaceLost, "serialization failure: "}},
    {"40P01", {absl::StatusCode::kAborted, Fate::kRaceLost, "deadlock: "}},
    {"40003", {kUnavailable, Fate::kUnknown, "it is not known whether this was committed: "}},
    {"40", {absl::StatusCode::kAborted, Fate::kRaceLost, ""}},
    {"23505", {absl::StatusCode::kAlreadyExists, kAlive, ""}},
    {"23P01", {absl::StatusCode::kAlreadyExists, kAlive, ""}},
    {"23", {absl::StatusCode::kFailedPrecondition, kAlive, ""}},
    {"22P03", {absl::StatusCode::kInternal, kAlive, "text given for a column of another type: "}},
    {"22", {absl::StatusCode::kInvalidArgument, kAlive, ""}},
    {"54", {absl::StatusCode::kInvalidArgument, kAlive, ""}},
    {"08P01", {absl::StatusCode::kInternal, kAlive, ""}},
    {"08", {kUnavailable, kAlive, ""}},
    {"25006", {kUnavailable, kAlive, "the server accepts no writes: "}},
    {"28", {kUnavailable, kAlive, "the server does not let us in: "}},
    {"3D", {kUnavailable, kAlive, ""}},
    {"53100", {kUnavailable, kAlive, "disk full: "}},
    {"53", {kUnavailable, kAlive, ""}},
    {"55P03", {kUnavailable, kAlive, ""}},
    {"57014", {kUnavailable, kAlive, "the statement took too long: "}},
    {"57", {kUnavailable, kAlive, ""}},
    {"58", {kUnavailable, kAlive, ""}},
};

}  // namespace

PostgresErrorMeaning MeaningOfSqlState(std::string_view sqlstate) {
  for (const Entry& entry : kEntries) {
    if (sqlstate.substr(0, entry.prefix.size()) == entry.prefix) return entry.meaning;
  }
  return {absl::StatusCode::kInternal, kAlive, ""};
}

}  // namespace orderflow::database
