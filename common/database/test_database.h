#pragma once

// For the tests of everything that keeps its data in a database: one suite, every database.
//
//   class StockStoreTest : public ::testing::TestWithParam<database::TestBackend> { ... };
//   TEST_P(StockStoreTest, AnUnknownProductIsNotFound) {
//     auto store = OpenStockStore({.url = database::NewTestUrl(GetParam()), .name = "stock"});
//     ...
//   }
//   INSTANTIATE_TEST_SUITE_P(Databases, StockStoreTest,
//   ::testing::ValuesIn(database::TestBackends()),
//                            database::TestBackendName);
//
// PostgreSQL takes part where ORDERFLOW_TEST_POSTGRES names a server (scripts/with-postgres starts
// one).

#include <string>
#include <vector>

#include "common/base/await.h"
#include "common/database/database.h"
#include "gtest/gtest.h"

namespace orderflow::database {

enum class TestBackend { kSqliteFile, kSqliteMemory, kPostgres };

// An SQLite file, and PostgreSQL if there is one.
std::vector<TestBackend> TestBackends();
// The same and SQLite in memory.
std::vector<TestBackend> AllTestBackends();

// The url of a new, empty database: a file in a temporary directory, or a schema of its own on the
// server. Opening the url again finds the same data (not in memory). All are removed when the
// process ends.
std::string NewTestUrl(TestBackend backend);

// Names the instances of a suite: SqliteFile, SqliteMemory, Postgres.
std::string TestBackendName(const ::testing::TestParamInfo<TestBackend>& info);

// Submits a body and waits until its commit is durable.
absl::Status Write(Database& db, Database::Body body);
// Submits a reading body and waits for it.
absl::Status Read(Database& db, Database::Body body);

}  // namespace orderflow::database
