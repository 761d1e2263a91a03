#pragma once

// The settings that all servers have, declared once. Only mains include this: linking it registers
// the flags.

#include <string>
#include <string_view>

#include "common/database/database.h"
#include "common/logging/logging.h"
#include "common/rpc/server.h"

namespace orderflow::rpc {

// Where servers differ in their defaults. To be called before settings::ParseSettings, so that
// --help shows them.
struct ServerFlagDefaults {
  std::string listen;    // "127.0.0.1:50051"
  std::string database;  // "sqlite:receive.db"
};
void SetServerFlagDefaults(const ServerFlagDefaults& defaults);

// What the flags say, after settings::ParseSettings.
ServerOptions ServerOptionsFromFlags();
// --database and what belongs to it; `name` is the schema's owner, such as "receive".
database::Options DatabaseOptionsFromFlags(std::string_view name);
// Empty: no metrics endpoint.
std::string MetricsListenFromFlags();
// INVALID_ARGUMENT: --log_level.
absl::StatusOr<logging::Level> LogLevelFromFlags();

}  // namespace orderflow::rpc
