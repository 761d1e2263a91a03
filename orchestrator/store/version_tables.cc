#include "orchestrator/store/version_tables.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/page_token.h"
#include "common/base/status.h"

namespace orderflow::store {
namespace {

using database::Row;
using database::Transaction;

// Taken before anything is decided, so that two changes of one machine follow each other.
constexpr char kLockMachine[] =
    "UPDATE state_machines SET deleted = 0 WHERE arn = $1 AND deleted = 0 "
    "RETURNING id, revision, tags";
constexpr char kFindMachine[] = "SELECT id FROM state_machines WHERE arn = $1 AND deleted = 0";
constexpr char kSetTags[] = "UPDATE state_machines SET tags = $2 WHERE id = $1";

constexpr char kRevisionId[] =
    "SELECT revision_id FROM state_machine_revisions WHERE revision = $1";
constexpr char kNextVersion[] =
    "UPDATE state_machines SET last_version = last_version + 1 WHERE id = $1 "
    "RETURNING last_version";
constexpr char kInsertVersion[] =
    "INSERT INTO state_machine_versions (machine, number, revision, description, create_time) "
    "VALUES ($1, $2, $3, $4, $5)";
#define SELECT_VERSION                                                                             \
  "SELECT number, revision, description, create_time FROM state_machine_versions WHERE machine = " \
  "$1 "
constexpr char kVersionOfRevision[] =
    SELECT_VERSION "AND revision = $2 ORDER BY number DESC LIMIT 1";
constexpr char kGetVersion[] = SELECT_VERSION "AND number = $2";
constexpr char kListVersions[] = SELECT_VERSION "AND number < $2 ORDER BY number DESC LIMIT $3";
#undef SELECT_VERSION
constexpr char kDeleteVersion[] =
    "DELETE FROM state_machine_versions WHERE machine = $1 AND number = $2";

constexpr char kNextAlias[] =
    "UPDATE store_counters SET value = value + 1 WHERE name = 'alias' RETURNING value";
constexpr char kInsertAlias[] =
    "INSERT INTO state_machine_aliases (id, machine, name, description, version, weight, "
    "second_version, create_time, update_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
constexpr char kUpdateAlias[] =
    "UPDATE state_machine_aliases SET description = $3, version = $4, weight = $5, "
    "second_version = $6, update_time = $7 WHERE machine = $1 AND name = $2";
#define SELECT_ALIAS                                                                         \
  "SELECT id, name, description, version, weight, second_version, create_time, update_time " \
  "FROM state_machine_aliases WHERE machine = $1 "
constexpr char kGetAlias[] = SELECT_ALIAS "AND name = $2";
constexpr char kAliasesOfVersion[] =
    SELECT_ALIAS "AND (version = $2 OR second_version = $2) ORDER BY id";
constexpr char kListAliases[] = SELECT_ALIAS "AND id > $2 ORDER BY id LIMIT $3";
constexpr char kListAliasesOfVersion[] =
    SELECT_ALIAS "AND id > $2 AND (version = $4 OR second_version = $4) ORDER BY id LIMIT $3";
#undef SELECT_ALIAS
constexpr char kDeleteAlias[] =
    "DELETE FROM state_machine_aliases WHERE machine = $1 AND name = $2";

constexpr char kForgetVersions[] =
    "DELETE FROM state_machine_versions WHERE machine = "
    "(SELECT id FROM state_machines WHERE arn = $1)";
constexpr char kForgetAliases[] =
    "DELETE FROM state_machine_aliases WHERE machine = "
    "(SELECT id FROM state_machines WHERE arn = $1)";
// A state machine of the same name that is made later counts from 1 again.
constexpr char kForgetNumbers[] = "UPDATE state_machines SET last_version = 0 WHERE arn = $1";

struct LockedMachine {
  int64_t id;
  int64_t revision;
  std::string tags;
};

absl::Status NotFound(std::string_view what) {
  return absl::NotFoundError(absl::StrCat("there is no ", std::string(what)));
}

absl::StatusOr<LockedMachine> LockMachine(Transaction& txn, std::string_view arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kLockMachine, {arn}));
  if (rows.empty()) return NotFound(arn);
  return LockedMachine{rows[0].Int(0), rows[0].Int(1), rows[0].Text(2)};
}

absl::StatusOr<int64_t> FindMachine(Transaction& txn, std::string_view arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kFindMachine, {arn}));
  if (rows.empty()) return NotFound(arn);
  return rows[0].Int(0);
}

VersionRecord ToVersion(const Row& row, std::string_view machine_arn) {
  return {.machine_arn = std::string(machine_arn),
          .number = row.Int(0),
          .revision = row.Int(1),
          .description = row.Text(2),
          .create_time = absl::FromUnixMicros(row.Int(3))};
}

AliasRecord ToAlias(const Row& row, std::string_view machine_arn) {
  const int weight = static_cast<int>(row.Int(4));
  AliasRecord alias{.machine_arn = std::string(machine_arn),
                    .name = row.Text(1),
                    .description = row.Text(2),
                    .routes = {{row.Int(3), weight}},
                    .create_time = absl::FromUnixMicros(row.Int(6)),
                    .update_time = absl::FromUnixMicros(row.Int(7))};
  if (row.Int(5) != 0) alias.routes.push_back({row.Int(5), 100 - weight});
  return alias;
}

int64_t SecondVersion(const AliasRecord& alias) {
  return alias.routes.size() > 1 ? alias.routes[1].version : 0;
}

absl::Status CheckRoutes(Transaction& txn, int64_t machine, const std::vector<AliasRoute>& routes) {
  for (const AliasRoute& route : routes) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                               txn.Query(kGetVersion, {machine, route.version}));
    if (rows.empty()) return NotFound(absl::StrCat("version ", route.version));
  }
  return absl::OkStatus();
}

absl::StatusOr<AliasRecord> FindAlias(Transaction& txn, int64_t machine,
                                      std::string_view machine_arn, std::string_view name) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGetAlias, {machine, name}));
  if (rows.empty()) return NotFound(absl::StrCat("alias ", std::string(name)));
  return ToAlias(rows[0], machine_arn);
}

// The number that a page goes on from.
absl::StatusOr<int64_t> Cursor(const std::string& text, int64_t first) {
  if (text.empty()) return first;
  int64_t cursor = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), cursor);
  if (error != std::errc() || rest != text.data() + text.size()) return BadPageTokenError();
  return cursor;
}

// A page of rows whose first column is what the next page goes on from.
template <typename T, typename Read>
Page<T> ToPage(const std::vector<Row>& rows, int size, const std::string& list, Read read) {
  Page<T> page;
  for (const Row& row : rows) {
    if (page.items.size() == static_cast<size_t>(size)) {
      page.next = MakePageToken(absl::StrCat(rows[page.items.size() - 1].Int(0)), list);
      break;
    }
    page.items.push_back(read(row));
  }
  return page;
}

}  // namespace

absl::Status ChangeTags(Transaction& txn, std::string_view machine_arn,
                        const VersionStore::TagChange& change) {
  ORDERFLOW_ASSIGN_OR_RETURN(const LockedMachine machine, LockMachine(txn, machine_arn));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string tags, change(machine.tags));
  return txn.Execute(kSetTags, {machine.id, tags}).status();
}

absl::StatusOr<VersionRecord> PublishVersion(Transaction& txn, std::string_view machine_arn,
                                             std::string_view revision_id,
                                             std::string_view description, absl::Time now) {
  ORDERFLOW_ASSIGN_OR_RETURN(const LockedMachine machine, LockMachine(txn, machine_arn));
  if (!revision_id.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> newest,
                               txn.Query(kRevisionId, {machine.revision}));
    if (newest.empty() || newest[0].Text(0) != revision_id) {
      return absl::FailedPreconditionError(newest.empty() ? "" : newest[0].Text(0));
    }
  }
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> known,
                             txn.Query(kVersionOfRevision, {machine.id, machine.revision}));
  if (!known.empty()) return ToVersion(known[0], machine_arn);
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> number, txn.Query(kNextVersion, {machine.id}));
  VersionRecord version{.machine_arn = std::string(machine_arn),
                        .number = number.at(0).Int(0),
                        .revision = machine.revision,
                        .description = std::string(description),
                        .create_time = now};
  ORDERFLOW_RETURN_IF_ERROR(
      txn.Execute(kInsertVersion, {machine.id, version.number, version.revision,
                                   version.description, absl::ToUnixMicros(now)})
          .status());
  return version;
}

absl::StatusOr<VersionRecord> GetVersion(Transaction& txn, std::string_view machine_arn,
                                         int64_t number) {
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t machine, FindMachine(txn, machine_arn));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kGetVersion, {machine, number}));
  if (rows.empty()) return NotFound(absl::StrCat("version ", number));
  return ToVersion(rows[0], machine_arn);
}

absl::StatusOr<Page<VersionRecord>> ListVersions(Transaction& txn, std::string_view machine_arn,
                                                 int page_size, std::string_view page_token) {
  const std::string list = absl::StrCat("versions ", std::string(machine_arn));
  ORDERFLOW_ASSIGN_OR_RETURN(const orderflow::Page asked, ParsePage(page_size, page_token, list));
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t before,
                             Cursor(asked.cursor, std::numeric_limits<int64_t>::max()));
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t machine, FindMachine(txn, machine_arn));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kListVersions, {machine, before, asked.size + 1}));
  return ToPage<VersionRecord>(rows, asked.size, list, [machine_arn](const Row& row) {
    return ToVersion(row, machine_arn);
  });
}

absl::Status DeleteVersion(Transaction& txn, std::string_view machine_arn, int64_t number) {
  const absl::StatusOr<LockedMachine> machine = LockMachine(txn, machine_arn);
  if (absl::IsNotFound(machine.status())) return absl::OkStatus();
  if (!machine.ok()) return machine.status();
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> aliases,
                             txn.Query(kAliasesOfVersion, {machine->id, number}));
  if (!aliases.empty()) {
    std::vector<std::string> names;
    for (const Row& alias : aliases) names.push_back(alias.Text(1));
    return absl::FailedPreconditionError(absl::StrJoin(names, ", "));
  }
  return txn.Execute(kDeleteVersion, {machine->id, number}).status();
}

absl::StatusOr<AliasRecord> CreateAlias(Transaction& txn, const AliasRecord& alias) {
  ORDERFLOW_ASSIGN_OR_RETURN(const LockedMachine machine, LockMachine(txn, alias.machine_arn));
  absl::StatusOr<AliasRecord> known = FindAlias(txn, machine.id, alias.machine_arn, alias.name);
  if (known.ok()) {
    if (known->routes == alias.routes && known->description == alias.description) return known;
    return absl::AlreadyExistsError(absl::StrCat("alias ", alias.name, " has other content"));
  }
  if (!absl::IsNotFound(known.status())) return known.status();
  ORDERFLOW_RETURN_IF_ERROR(CheckRoutes(txn, machine.id, alias.routes));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> id, txn.Query(kNextAlias, {}));
  ORDERFLOW_RETURN_IF_ERROR(
      txn.Execute(kInsertAlias,
                  {id.at(0).Int(0), machine.id, alias.name, alias.description,
                   alias.routes[0].version, int64_t{alias.routes[0].weight}, SecondVersion(alias),
                   absl::ToUnixMicros(alias.create_time), absl::ToUnixMicros(alias.update_time)})
          .status());
  return alias;
}

absl::StatusOr<AliasRecord> UpdateAlias(Transaction& txn, std::string_view machine_arn,
                                        std::string_view name,
                                        const VersionStore::AliasChange& change) {
  ORDERFLOW_ASSIGN_OR_RETURN(const LockedMachine machine, LockMachine(txn, machine_arn));
  ORDERFLOW_ASSIGN_OR_RETURN(AliasRecord alias, FindAlias(txn, machine.id, machine_arn, name));
  if (change.description) alias.description = *change.description;
  if (change.routes) {
    ORDERFLOW_RETURN_IF_ERROR(CheckRoutes(txn, machine.id, *change.routes));
    alias.routes = *change.routes;
  }
  alias.update_time = change.now;
  ORDERFLOW_RETURN_IF_ERROR(
      txn.Execute(kUpdateAlias, {machine.id, name, alias.description, alias.routes[0].version,
                                 int64_t{alias.routes[0].weight}, SecondVersion(alias),
                                 absl::ToUnixMicros(alias.update_time)})
          .status());
  return alias;
}

absl::StatusOr<AliasRecord> GetAlias(Transaction& txn, std::string_view machine_arn,
                                     std::string_view name) {
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t machine, FindMachine(txn, machine_arn));
  return FindAlias(txn, machine, machine_arn, name);
}

absl::Status DeleteAlias(Transaction& txn, std::string_view machine_arn, std::string_view name) {
  const absl::StatusOr<int64_t> machine = FindMachine(txn, machine_arn);
  if (absl::IsNotFound(machine.status())) return absl::OkStatus();
  if (!machine.ok()) return machine.status();
  return txn.Execute(kDeleteAlias, {*machine, name}).status();
}

absl::StatusOr<Page<AliasRecord>> ListAliases(Transaction& txn, std::string_view machine_arn,
                                              int64_t version, int page_size,
                                              std::string_view page_token) {
  const std::string list = absl::StrCat("aliases ", std::string(machine_arn), " ", version);
  ORDERFLOW_ASSIGN_OR_RETURN(const orderflow::Page asked, ParsePage(page_size, page_token, list));
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t after, Cursor(asked.cursor, 0));
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t machine, FindMachine(txn, machine_arn));
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      version == 0 ? txn.Query(kListAliases, {machine, after, asked.size + 1})
                   : txn.Query(kListAliasesOfVersion, {machine, after, asked.size + 1, version}));
  return ToPage<AliasRecord>(rows, asked.size, list,
                             [machine_arn](const Row& row) { return ToAlias(row, machine_arn); });
}

absl::Status DeleteVersionsAndAliases(Transaction& txn, std::string_view machine_arn) {
  for (const char* statement : {kForgetVersions, kForgetAliases, kForgetNumbers}) {
    ORDERFLOW_RETURN_IF_ERROR(txn.Execute(statement, {machine_arn}).status());
  }
  return absl::OkStatus();
}

}  // namespace orderflow::store
