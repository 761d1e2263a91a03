#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "common/database/database.h"
#include "common/metrics/metrics.h"

namespace orderflow::metrics {

// Shows a database's statistics while the registrations live, which the database must outlive:
// commits, bodies (their quotient is the mean batch of a group commit), failed commits and the
// queue, each with the label database="`name`".
std::vector<Registration> ExportStatistics(const database::Database& database,
                                           std::string_view name, Registry& registry = Default());
// The same for a store that does not show its database.
std::vector<Registration> ExportStatistics(std::function<database::Statistics()> read,
                                           std::string_view name, Registry& registry = Default());

}  // namespace orderflow::metrics
