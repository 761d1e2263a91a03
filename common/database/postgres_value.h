#pragma once

#include <libpq-fe.h>

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/database/database.h"

namespace orderflow::database {

// Parameters as libpq takes them: integers as text, whatever the column's width; text and bytes as
// they are, with their length. Borrows the parameters.
class PostgresParameters {
 public:
  explicit PostgresParameters(absl::Span<const Parameter> parameters);
  PostgresParameters(const PostgresParameters&) = delete;
  PostgresParameters& operator=(const PostgresParameters&) = delete;

  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  struct Add;
  using Digits = std::array<char, 24>;  // an int64 with its sign and a NUL

  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<Digits> digits_;
};

// The rows of an answer in text format. INTERNAL: a column of a type that we do not use.
absl::StatusOr<std::vector<Row>> ReadRows(const PGresult& result);

// How many rows a statement changed; 0 for one that only reads.
int64_t ChangedRows(const PGresult& result);

}  // namespace orderflow::database
