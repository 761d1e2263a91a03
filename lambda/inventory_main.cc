#include <memory>
#include <utility>

#include "common/base/await.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "lambda/function_main.h"
#include "lambda/task.h"
#include "services/inventory/inventory_core.h"
#include "services/inventory/inventory_flags.h"

namespace orderflow::inventory {
namespace {

class InventoryFunctions final : public lambda::Functions {
 public:
  InventoryFunctions(std::unique_ptr<InventoryCore> core, absl::Duration reservation_ttl)
      : core_(std::move(core)), reservation_ttl_(reservation_ttl) {}

  const std::map<std::string, lambda::Handler>& handlers() const override { return handlers_; }

  // Gives back the stock of expired reservations.
  absl::StatusOr<json::Value> RunBackgroundWork(lambda::Instant deadline) override {
    int64_t expired = 0;
    if (reservation_ttl_ > absl::ZeroDuration()) {
      ORDERFLOW_ASSIGN_OR_RETURN(expired, AwaitUntil<int64_t>(deadline, [this](auto done) {
                                   core_->inventory().SweepExpired(reservation_ttl_,
                                                                   std::move(done));
                                 }));
    }
    if (expired > 0) logging::Info("reservations expired", {{"count", expired}});
    return json::Value::Object({{"expired_reservations", expired}});
  }

 private:
  const std::unique_ptr<InventoryCore> core_;
  const absl::Duration reservation_ttl_;
  const std::map<std::string, lambda::Handler> handlers_ = {
      {"CheckInventory", lambda::TaskHandler<v1::CheckInventoryRequest, v1::CheckInventoryResponse>(
                             [this](const auto& request, auto done) {
                               core_->inventory().CheckInventory(request, std::move(done));
                             })},
      {"ReleaseReservation",
       lambda::TaskHandler<v1::ReleaseReservationRequest, v1::ReleaseReservationResponse>(
           [this](const auto& request, auto done) {
             core_->inventory().ReleaseReservation(request, std::move(done));
           })}};
};

absl::StatusOr<std::unique_ptr<lambda::Functions>> Open() {
  const InventoryOptions options = OptionsFromFlags();
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, InventoryCore::Open(options));
  return std::make_unique<InventoryFunctions>(std::move(core), options.reservation_ttl);
}

}  // namespace
}  // namespace orderflow::inventory

int main(int argc, char** argv) {
  return orderflow::lambda::RunFunction(argc, argv, "inventory", &orderflow::inventory::Open);
}
