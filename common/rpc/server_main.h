#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/rpc/module.h"

namespace orderflow::rpc {

using ModuleFactory = std::function<absl::StatusOr<std::unique_ptr<Module>>()>;

// The rest of a server's main, after its flags are parsed:
//
//   int main(int argc, char** argv) {
//     rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50051", .database = "sqlite:receive.db"});
//     settings::ParseSettings(argc, argv, kUsage);
//     return rpc::RunServer("receive", [] { return ReceiveModule::Open(OptionsFromFlags()); });
//   }
//
// Sets up logs and metrics, opens the module, serves it until SIGTERM or SIGINT, drains, and
// answers the exit status: 0 after an orderly end, 2 if a setting is wrong, 1 if it could not start
// otherwise (one line on standard error says why). No thread may exist before the call. A start
// that fails because something is not there yet (UNAVAILABLE, such as the database) is not retried:
// whoever started us does that.
int RunServer(std::string_view name, const ModuleFactory& open_module);

}  // namespace orderflow::rpc
