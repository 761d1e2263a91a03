#include "services/receive/receive_module.h"

#include <utility>

#include "common/base/status.h"
#include "common/metrics/database_metrics.h"
#include "services/receive/receive.h"
#include "services/receive/receive_service.h"
#include "services/receive/receive_store.h"

namespace orderflow::receive {
namespace {

class ReceiveModule final : public rpc::Module {
 public:
  ReceiveModule(std::unique_ptr<database::Database> database, const Clock& clock)
      : database_(std::move(database)),
        store_(*database_),
        receive_(store_, clock),
        service_(receive_),
        metrics_(metrics::ExportStatistics(*database_, "receive")) {}

  std::string name() const override { return "receive"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { database_->Check(std::move(done)); }
  void Stop() override {
    metrics_.clear();
    database_.reset();
  }

 private:
  std::unique_ptr<database::Database> database_;
  ReceiveStore store_;
  Receive receive_;
  ReceiveService service_;
  std::vector<metrics::Registration> metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenReceiveModule(ReceiveOptions options) {
  const Clock& clock = *options.clock;
  ORDERFLOW_ASSIGN_OR_RETURN(auto database, database::Database::Open(std::move(options.database),
                                                                     ReceiveStore::Migrations()));
  return std::make_unique<ReceiveModule>(std::move(database), clock);
}

}  // namespace orderflow::receive
