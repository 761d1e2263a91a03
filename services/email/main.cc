#include "common/base/status.h"
#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "services/email/email_flags.h"
#include "services/email/email_module.h"

namespace {

constexpr char kUsage[] =
    "Mails order confirmations: the gRPC service orderflow.email.v1.EmailService.\n\n"
    "Usage: orderflow-email [flags]";

absl::StatusOr<std::unique_ptr<orderflow::rpc::Module>> OpenModule() {
  ORDERFLOW_ASSIGN_OR_RETURN(auto options, orderflow::email::OptionsFromFlags());
  return orderflow::email::OpenEmailModule(std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace orderflow;
  rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50054", .database = "sqlite:email.db"});
  settings::ParseSettings(argc, argv, kUsage);
  return rpc::RunServer("email", &OpenModule);
}
