#include "common/database/database_url.h"

#include "absl/strings/str_cat.h"

namespace orderflow::database {
namespace {

// The scheme of "scheme://rest", empty if there is none.
std::string_view SchemeOf(std::string_view url) {
  const size_t end = url.find("://");
  return end == std::string_view::npos ? std::string_view() : url.substr(0, end);
}

}  // namespace

absl::StatusOr<DatabaseUrl> ParseDatabaseUrl(std::string_view url) {
  constexpr std::string_view kSqlite = "sqlite:";
  const std::string_view scheme = SchemeOf(url);
  if (scheme == "postgresql" || scheme == "postgres") {
    return DatabaseUrl{Backend::kPostgres, std::string(url)};
  }
  const std::string_view path =
      url.substr(0, kSqlite.size()) == kSqlite ? url.substr(kSqlite.size()) : url;
  // "sqlite:///path" is what many other programs write.
  if (scheme == "sqlite" && path.substr(0, 3) == "///") {
    return DatabaseUrl{Backend::kSqlite, std::string(path.substr(2))};
  }
  if (!scheme.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a database url starts with sqlite: or postgresql://, not with ",
                     std::string(scheme), "://"));
  }
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "a database url needs the path of a file: sqlite:PATH, or postgresql://...");
  }
  return DatabaseUrl{Backend::kSqlite, std::string(path)};
}

}  // namespace orderflow::database
