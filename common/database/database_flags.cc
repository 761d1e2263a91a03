#include "common/database/database_flags.h"

#include "absl/flags/flag.h"
#include "common/settings/settings.h"

ORDERFLOW_SECRET_FLAG(database, "",
                      "Where the data are kept: sqlite:PATH for a file, or "
                      "postgresql://USER:PASSWORD@HOST/NAME for a "
                      "server that speaks PostgreSQL's protocol.");
ABSL_FLAG(int, database_connections, orderflow::database::Options().connections,
          "PostgreSQL only: how many connections work in parallel.");

namespace orderflow::database {

void SetFlagDefaults(const std::string& url, int connections) {
  absl::SetFlag(&FLAGS_database, url);
  absl::SetFlag(&FLAGS_database_connections, connections);
}

Options OptionsFromFlags(std::string_view name) {
  Options options;
  options.url = absl::GetFlag(FLAGS_database);
  options.setting = "--database";
  options.name = name;
  options.connections = absl::GetFlag(FLAGS_database_connections);
  return options;
}

}  // namespace orderflow::database
