#include "common/database/postgres_value.h"

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace orderflow::database {
namespace {

// Of the server's catalog pg_type; fixed for all versions.
enum TypeOid : Oid {
  kBool = 16,
  kBytea = 17,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kUnknown = 705,
  kChar = 1042,
  kVarchar = 1043,
  kNumeric = 1700,
};

constexpr int kTextFormat = 0;
constexpr int kBinaryFormat = 1;

absl::StatusOr<Column> ReadInteger(std::string_view text) {
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return absl::InternalError(absl::StrCat("not a 64-bit integer: ", std::string(text)));
  }
  return Column(value);
}

absl::StatusOr<Column> ReadBytes(const char* text) {
  size_t size = 0;
  unsigned char* bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &size);
  if (bytes == nullptr) return absl::ResourceExhaustedError("no memory for a BYTEA column");
  Blob blob{std::string(reinterpret_cast<const char*>(bytes), size)};
  PQfreemem(bytes);
  return Column(std::move(blob));
}

absl::StatusOr<Column> ReadColumn(const PGresult& result, int row, int column) {
  if (PQgetisnull(&result, row, column) == 1) return Column();
  const char* text = PQgetvalue(&result, row, column);
  const std::string_view value(text, PQgetlength(&result, row, column));
  switch (PQftype(&result, column)) {
    case kInt2:
    case kInt4:
    case kInt8:
    case kNumeric:  // the SUM of BIGINTs
      return ReadInteger(value);
    case kBool:  // SQLite has 0 and 1
      return Column(static_cast<int64_t>(value == "t"));
    case kBytea:
      return ReadBytes(text);
    case kText:
    case kVarchar:
    case kChar:
    case kName:
    case kUnknown:
      return Column(std::string(value));
    default:
      return absl::InternalError(absl::StrCat("column ", PQfname(&result, column),
                                              " has the type with oid ", PQftype(&result, column),
                                              "; only BIGINT, TEXT and BYTEA are used here"));
  }
}

}  // namespace

struct PostgresParameters::Add {
  PostgresParameters& to;

  void operator()(std::monostate) const { Append(nullptr, 0, kTextFormat); }
  void operator()(int64_t value) const {
    Digits& digits = to.digits_.emplace_back();
    *std::to_chars(digits.data(), digits.data() + digits.size() - 1, value).ptr = '\0';
    Append(digits.data(), 0, kTextFormat);
  }
  // A null pointer would be NULL.
  void operator()(std::string_view text) const {
    Append(text.empty() ? "" : text.data(), text.size(), kBinaryFormat);
  }
  void operator()(const Blob& blob) const {
    Append(blob.bytes.data(), blob.bytes.size(), kBinaryFormat);
  }

  void Append(const char* value, size_t length, int format) const {
    to.values_.push_back(value);
    to.lengths_.push_back(static_cast<int>(length));
    to.formats_.push_back(format);
  }
};

PostgresParameters::PostgresParameters(absl::Span<const Parameter> parameters) {
  values_.reserve(parameters.size());
  lengths_.reserve(parameters.size());
  formats_.reserve(parameters.size());
  digits_.reserve(parameters.size());  // `values_` points into it.
  for (const Parameter& parameter : parameters) std::visit(Add{*this}, parameter);
}

absl::StatusOr<std::vector<Row>> ReadRows(const PGresult& result) {
  const int count = PQntuples(&result);
  const int width = PQnfields(&result);
  std::vector<Row> rows;
  rows.reserve(count);
  for (int row = 0; row < count; ++row) {
    std::vector<Column> columns;
    columns.reserve(width);
    for (int i = 0; i < width; ++i) {
      ORDERFLOW_ASSIGN_OR_RETURN(Column column, ReadColumn(result, row, i));
      columns.push_back(std::move(column));
    }
    rows.emplace_back(std::move(columns));
  }
  return rows;
}

int64_t ChangedRows(const PGresult& result) {
  // libpq counts the rows of a SELECT, too.
  auto* mutable_result = const_cast<PGresult*>(&result);  // The two functions only read.
  if (std::strncmp(PQcmdStatus(mutable_result), "SELECT", 6) == 0) return 0;
  const std::string_view count = PQcmdTuples(mutable_result);
  int64_t changed = 0;
  std::from_chars(count.data(), count.data() + count.size(), changed);
  return changed;
}

}  // namespace orderflow::database
