#include <memory>
#include <utility>

#include "common/base/status.h"
#include "common/database/database_flags.h"
#include "lambda/function_main.h"
#include "lambda/task.h"
#include "services/receive/receive_core.h"

namespace orderflow::receive {
namespace {

class ReceiveFunctions final : public lambda::Functions {
 public:
  explicit ReceiveFunctions(std::unique_ptr<ReceiveCore> core) : core_(std::move(core)) {}

  const std::map<std::string, lambda::Handler>& handlers() const override { return handlers_; }
  absl::StatusOr<json::Value> RunBackgroundWork(lambda::Instant) override {
    return absl::UnimplementedError("ReceiveOrder has no work that could be scheduled");
  }

 private:
  const std::unique_ptr<ReceiveCore> core_;
  const std::map<std::string, lambda::Handler> handlers_ = {
      {"ReceiveOrder", lambda::TaskHandler<v1::ReceiveOrderRequest, v1::ReceiveOrderResponse>(
                           [this](const auto& request, auto done) {
                             core_->receive().ReceiveOrder(request, std::move(done));
                           })}};
};

absl::StatusOr<std::unique_ptr<lambda::Functions>> Open() {
  ORDERFLOW_ASSIGN_OR_RETURN(
      auto core, ReceiveCore::Open({.database = database::OptionsFromFlags("receive")}));
  return std::make_unique<ReceiveFunctions>(std::move(core));
}

}  // namespace
}  // namespace orderflow::receive

int main(int argc, char** argv) {
  return orderflow::lambda::RunFunction(argc, argv, "receive", &orderflow::receive::Open);
}
