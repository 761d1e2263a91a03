#pragma once

// The settings that all servers have, declared once, beside those of common/database and
// common/logging. Only mains include this: linking it registers
// the flags.

#include <string>

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
// Empty: no metrics endpoint.
std::string MetricsListenFromFlags();

}  // namespace orderflow::rpc
