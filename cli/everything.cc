#include "cli/everything.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/net/listen_address.h"
#include "orchestrator/api/orchestrator_module.h"
#include "services/receive/receive_module.h"

namespace orderflow::cli {
namespace {

bool IsLoopback(const std::string& listen) {
  const absl::StatusOr<net::ListenAddress> address = net::ParseListenAddress(listen);
  return address.ok() && (address->ip.rfind("127.", 0) == 0 || address->ip == "::1");
}

absl::Status WithFlag(const absl::Status& status, std::string_view flag) {
  return absl::Status(status.code(), absl::StrCat(std::string(status.message()), " (see --",
                                                  std::string(flag), ")"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Everything>> Everything::Start(const EverythingOptions& options) {
  std::unique_ptr<Everything> everything(new Everything(options));
  ORDERFLOW_RETURN_IF_ERROR(everything->StartServices());
  ORDERFLOW_RETURN_IF_ERROR(everything->StartOrchestrator());
  return everything;
}

Everything::~Everything() { Stop(); }

void Everything::Stop() {
  // The orchestrator was started last and goes first: a service that is gone would only make it
  // retry.
  while (!running_.empty()) {
    running_.back().server->Stop();
    running_.pop_back();
  }
}

absl::Status Everything::StartServices() {
  const ListenAddresses& listen = options_.listen;
  ORDERFLOW_ASSIGN_OR_RETURN(addresses_.receive,
                             Serve(receive::OpenReceiveModule({.database = DatabaseOf("receive")}),
                                   listen.receive, "receive_listen"));
  ORDERFLOW_ASSIGN_OR_RETURN(
      addresses_.inventory,
      Serve(inventory::OpenInventoryModule(
                {.database = DatabaseOf("inventory"), .catalog = options_.catalog}),
            listen.inventory, "inventory_listen"));
  payment::PaymentCoreOptions payment = options_.payment;
  payment.database = DatabaseOf("payment");
  ORDERFLOW_ASSIGN_OR_RETURN(
      addresses_.payment,
      Serve(payment::OpenPaymentModule(std::move(payment)), listen.payment, "payment_listen"));
  email::EmailCoreOptions email = options_.email;
  email.database = DatabaseOf("email");
  ORDERFLOW_ASSIGN_OR_RETURN(addresses_.email, Serve(email::OpenEmailModule(std::move(email)),
                                                     listen.email, "email_listen"));
  return absl::OkStatus();
}

absl::Status Everything::StartOrchestrator() {
  api::OrchestratorOptions orchestrator = options_.orchestrator;
  orchestrator.database = DatabaseOf("orchestrator");
  orchestrator.services = {.receive = addresses_.receive,
                           .inventory = addresses_.inventory,
                           .payment = addresses_.payment,
                           .email = addresses_.email};
  ORDERFLOW_ASSIGN_OR_RETURN(std::unique_ptr<api::OrchestratorModule> module,
                             api::OpenOrchestratorModule(std::move(orchestrator)));
  addresses_.aws = module->aws_address();
  ORDERFLOW_ASSIGN_OR_RETURN(addresses_.orchestrator,
                             Serve(std::unique_ptr<rpc::Module>(std::move(module)),
                                   options_.listen.orchestrator, "listen"));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Everything::Serve(absl::StatusOr<std::unique_ptr<rpc::Module>> module,
                                              const std::string& listen, std::string_view flag) {
  if (!module.ok()) return module.status();
  rpc::ServerOptions options = options_.server;
  options.listen = listen;
  if (flag != "listen" && options.tls.enabled()) {
    if (!IsLoopback(listen)) {
      return WithFlag(
          absl::InvalidArgumentError(absl::StrCat(
              listen,
              " is not on this machine, and of `orderflow up` only the orchestrator speaks TLS")),
          flag);
    }
    options.tls = {};
  }
  absl::StatusOr<std::unique_ptr<rpc::Server>> server = rpc::Server::Start(options, **module);
  if (!server.ok()) {
    (*module)->Stop();
    return WithFlag(server.status(), flag);
  }
  running_.push_back({.module = *std::move(module), .server = *std::move(server)});
  return running_.back().server->address();
}

database::Options Everything::DatabaseOf(std::string_view name) const {
  database::Options database;
  database.name = std::string(name);
  database.url = options_.database_url.empty()
                     ? absl::StrCat("sqlite:", options_.data, "/", database.name, ".db")
                     : options_.database_url;
  return database;
}

}  // namespace orderflow::cli
