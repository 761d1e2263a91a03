#include "common/metrics/database_metrics.h"

#include <string>
#include <utility>

namespace orderflow::metrics {

std::vector<Registration> ExportStatistics(const database::Database& database,
                                           std::string_view name, Registry& registry) {
  return ExportStatistics([&database] { return database.statistics(); }, name, registry);
}

std::vector<Registration> ExportStatistics(std::function<database::Statistics()> read,
                                           std::string_view name, Registry& registry) {
  struct Exported {
    Kind kind;
    const char* name;
    const char* help;
    int64_t database::Statistics::*field;
  };
  constexpr Exported kExported[] = {
      {Kind::kCounter, "orderflow_database_commits_total", "Commits made.",
       &database::Statistics::commits},
      {Kind::kCounter, "orderflow_database_bodies_total",
       "Units of work that commits were shared by.", &database::Statistics::bodies},
      {Kind::kCounter, "orderflow_database_failed_commits_total", "Commits that failed.",
       &database::Statistics::failed_commits},
      {Kind::kGauge, "orderflow_database_queued", "Units of work that wait.",
       &database::Statistics::queued},
  };
  std::vector<Registration> registrations;
  for (const Exported& exported : kExported) {
    registrations.push_back(registry.AddCallback(
        exported.kind, exported.name, exported.help, {{"database", std::string(name)}},
        [read, field = exported.field] { return static_cast<double>(read().*field); }));
  }
  return registrations;
}

}  // namespace orderflow::metrics
