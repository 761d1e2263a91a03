#include "services/receive/receive_module.h"

#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/metrics/database_metrics.h"
#include "services/receive/receive_service.h"

namespace orderflow::receive {
namespace {

class ReceiveModule final : public rpc::Module {
 public:
  explicit ReceiveModule(std::unique_ptr<ReceiveCore> core)
      : core_(std::move(core)),
        service_(core_->receive()),
        metrics_(metrics::ExportStatistics(core_->database(), "receive")) {}

  std::string name() const override { return "receive"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { core_->database().Check(std::move(done)); }
  void Stop() override {
    metrics_.clear();
    core_.reset();
  }

 private:
  std::unique_ptr<ReceiveCore> core_;
  ReceiveService service_;
  std::vector<metrics::Registration> metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenReceiveModule(ReceiveOptions options) {
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, ReceiveCore::Open(std::move(options)));
  return std::make_unique<ReceiveModule>(std::move(core));
}

}  // namespace orderflow::receive
