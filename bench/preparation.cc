#include "bench/preparation.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>

#include "bench/stub_pool.h"
#include "orderflow/inventory/v1/inventory.grpc.pb.h"
#include "orderflow/workflow/v1/workflow.grpc.pb.h"

namespace orderflow::bench {
namespace {

constexpr auto kDeadline = std::chrono::seconds(30);

void Prepare(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
}

}  // namespace

absl::Status FillStock(const std::string& inventory, const std::string& product_id) {
  const auto stub = inventory::v1::InventoryService::NewStub(
      grpc::CreateChannel(inventory, grpc::InsecureChannelCredentials()));
  inventory::v1::SetStockRequest request;
  request.set_product_id(product_id);
  request.set_available_quantity(1'000'000'000'000);
  request.set_unit_price_minor(1999);
  request.set_currency("EUR");
  inventory::v1::SetStockResponse response;
  grpc::ClientContext context;
  Prepare(context);
  const grpc::Status status = stub->SetStock(&context, request, &response);
  return status.ok() ? absl::OkStatus() : CallError(("SetStock at " + inventory).c_str(), status);
}

absl::StatusOr<std::string> CreateStateMachine(const std::string& orchestrator,
                                               const std::string& name,
                                               const std::string& definition) {
  const auto stub = workflow::v1::WorkflowService::NewStub(
      grpc::CreateChannel(orchestrator, grpc::InsecureChannelCredentials()));
  workflow::v1::CreateStateMachineRequest request;
  request.set_name(name);
  request.set_definition(definition);
  workflow::v1::CreateStateMachineResponse response;
  grpc::ClientContext context;
  Prepare(context);
  const grpc::Status status = stub->CreateStateMachine(&context, request, &response);
  if (!status.ok()) return CallError(("CreateStateMachine at " + orchestrator).c_str(), status);
  return response.state_machine_arn();
}

}  // namespace orderflow::bench
