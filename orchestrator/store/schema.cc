#include "orchestrator/store/schema.h"

#include "absl/strings/str_replace.h"

namespace orderflow::store {
namespace {

// {KEY}: the type of a primary key of one number. SQLite keeps rows in its order only if it is
// called INTEGER.
//
// An execution's arn is made of its machine's name and its own, so its uniqueness is the uniqueness
// of names. The text of an error may be longer than an index entry may be on PostgreSQL; its
// beginning is enough to find it.
constexpr char kVersion1[] = R"sql(
CREATE TABLE store_counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO store_counters (name, value) VALUES ('machine', 0), ('revision', 0);

CREATE TABLE state_machines (
  id {KEY},
  arn TEXT NOT NULL UNIQUE,
  revision BIGINT NOT NULL,
  tags TEXT NOT NULL,
  deleted BIGINT NOT NULL
);

CREATE TABLE state_machine_revisions (
  revision {KEY},
  machine BIGINT NOT NULL,
  name TEXT NOT NULL,
  type BIGINT NOT NULL,
  revision_id TEXT NOT NULL,
  definition TEXT NOT NULL,
  role_arn TEXT NOT NULL,
  logging TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL
);

CREATE TABLE executions (
  key {KEY},
  arn TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  machine BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  input TEXT NOT NULL,
  trace_header TEXT NOT NULL,
  start_time BIGINT NOT NULL
);

CREATE TABLE running_executions (key {KEY}, machine BIGINT NOT NULL);

CREATE TABLE execution_ends (
  key {KEY},
  machine BIGINT NOT NULL,
  status BIGINT NOT NULL,
  stop_time BIGINT NOT NULL,
  output TEXT,
  error TEXT,
  cause TEXT,
  failed_state TEXT NOT NULL
);
CREATE INDEX execution_ends_by_status ON execution_ends (machine, status, key);
CREATE INDEX execution_ends_by_error ON execution_ends (machine, substr(error, 1, 200), key) WHERE error IS NOT NULL;

CREATE TABLE journal (
  execution BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  at BIGINT NOT NULL,
  subject BIGINT NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (execution, sequence)
);
)sql";

// Versions and aliases of state machines. Two routes of an alias share a hundred executions:
// `weight` of them go to `version`, the rest to `second_version` (0: there is none).
constexpr char kVersion2[] = R"sql(
INSERT INTO store_counters (name, value) VALUES ('alias', 0);

ALTER TABLE state_machines ADD COLUMN last_version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE state_machine_versions (
  machine BIGINT NOT NULL,
  number BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  description TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  PRIMARY KEY (machine, number)
);

CREATE TABLE state_machine_aliases (
  id {KEY},
  machine BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  version BIGINT NOT NULL,
  weight BIGINT NOT NULL,
  second_version BIGINT NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL,
  UNIQUE (machine, name)
);

ALTER TABLE executions ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN alias TEXT NOT NULL DEFAULT '';
CREATE INDEX executions_by_version ON executions (machine, version, key) WHERE version > 0;
CREATE INDEX executions_by_alias ON executions (machine, alias, key) WHERE alias <> '';
)sql";

// Task tokens, activities and child executions.
//
// `origin` names the attempt at a task that has started a child execution. `map_run` is the ARN of
// the map run that it belongs to, `map_state` the Map state whose states it runs, and `items` how
// many items it was given; empty and 0 for nested executions.
constexpr char kVersion3[] = R"sql(
CREATE TABLE store_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL);

INSERT INTO store_counters (name, value) VALUES ('activity', 0);
CREATE TABLE activities (
  id {KEY},
  arn TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  tags TEXT NOT NULL,
  create_time BIGINT NOT NULL
);

CREATE TABLE child_executions (
  key {KEY},
  origin TEXT NOT NULL,
  map_run TEXT NOT NULL,
  map_state TEXT NOT NULL,
  items BIGINT NOT NULL
);
CREATE INDEX child_executions_by_map_run ON child_executions (map_run, key) WHERE map_run <> '';
)sql";

// Redrives, and the map runs of EXPRESS children.
constexpr char kVersion4[] = R"sql(
ALTER TABLE execution_ends ADD COLUMN events BIGINT NOT NULL DEFAULT 0;

CREATE TABLE execution_redrives (
  key {KEY},
  redrives BIGINT NOT NULL,
  redrive_time BIGINT NOT NULL
);

CREATE TABLE map_runs (arn TEXT PRIMARY KEY, execution BIGINT NOT NULL);
)sql";

// Executions that were started when activities of their machine did not exist: a JSON list of the
// ARNs.
constexpr char kVersion5[] = R"sql(
CREATE TABLE missing_activities (key {KEY}, arns TEXT NOT NULL);
)sql";

}  // namespace

Schema::Schema(database::Backend backend) {
  const char* key =
      backend == database::Backend::kSqlite ? "INTEGER PRIMARY KEY" : "BIGINT PRIMARY KEY";
  for (const char* step : {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5})
    steps_.push_back(absl::StrReplaceAll(step, {{"{KEY}", key}}));
}

std::vector<database::Migration> Schema::migrations() const {
  std::vector<database::Migration> migrations;
  for (const std::string& step : steps_) {
    migrations.push_back({.version = static_cast<int>(migrations.size()) + 1, .sql = step});
  }
  return migrations;
}

}  // namespace orderflow::store
