#pragma once

// Orderflow as a whole in one process: the orchestrator and the four services, each a gRPC server
// on a port of its own.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "common/rpc/module.h"
#include "common/rpc/server.h"
#include "orchestrator/api/orchestrator_module.h"
#include "services/email/email_module.h"
#include "services/inventory/inventory_module.h"
#include "services/payment/payment_module.h"

namespace orderflow::cli {

struct ListenAddresses {
  std::string orchestrator;
  std::string receive;
  std::string inventory;
  std::string payment;
  std::string email;
  std::string aws;  // in addresses() only: the orchestrator's AWS API, empty if there is none
};

// In the modules' options, `database` and where services are is filled in here.
struct EverythingOptions {
  std::string data;          // the directory of the SQLite files
  std::string database_url;  // empty: SQLite files in `data`; else one PostgreSQL database for all,
                             // each with tables of its own
  ListenAddresses listen;
  // What all five have in common; `listen` in it is not used. TLS is for the orchestrator: the
  // services then must be on loopback, where only the orchestrator calls them.
  rpc::ServerOptions server;
  std::string catalog;  // file that a new inventory starts with
  payment::PaymentCoreOptions payment;
  email::EmailCoreOptions email;
  api::OrchestratorOptions orchestrator;
};

// The running servers. Stops them, the orchestrator first, when it is destroyed.
// One thread only.
class Everything {
 public:
  // The message of an error is one line and names the flag to change.
  static absl::StatusOr<std::unique_ptr<Everything>> Start(const EverythingOptions& options);
  ~Everything();
  Everything(const Everything&) = delete;
  Everything& operator=(const Everything&) = delete;

  // Where they listen, with the ports they got.
  const ListenAddresses& addresses() const { return addresses_; }
  void Stop();

 private:
  struct Running {
    std::unique_ptr<rpc::Module> module;
    std::unique_ptr<rpc::Server> server;  // after the module, which it borrows
  };

  explicit Everything(const EverythingOptions& options) : options_(options) {}
  absl::Status StartServices();
  absl::Status StartOrchestrator();
  // Serves a module at `listen`, which `flag` has set; answers the address it got.
  absl::StatusOr<std::string> Serve(absl::StatusOr<std::unique_ptr<rpc::Module>> module,
                                    const std::string& listen, std::string_view flag);
  database::Options DatabaseOf(std::string_view name) const;

  const EverythingOptions options_;
  ListenAddresses addresses_;
  std::vector<Running> running_;  // in the order of their start
};

}  // namespace orderflow::cli
