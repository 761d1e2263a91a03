#include "common/database/database_flags.h"
#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "services/receive/receive_module.h"

namespace {

constexpr char kUsage[] =
    "Checks orders and puts them on record: the gRPC service "
    "orderflow.receive.v1.ReceiveService.\n\n"
    "Usage: orderflow-receive [flags]";

}  // namespace

int main(int argc, char** argv) {
  using namespace orderflow;
  rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50051", .database = "sqlite:receive.db"});
  settings::ParseSettings(argc, argv, kUsage);
  return rpc::RunServer("receive", [] {
    return receive::OpenReceiveModule({.database = database::OptionsFromFlags("receive")});
  });
}
