#include "orchestrator/api/substitutions.h"

#include "absl/strings/str_cat.h"
#include "common/json/value.h"

namespace orderflow::api {

Substitutions OrderSubstitutions(const ServiceAddresses& addresses) {
  const auto method = [](const std::string& address, const char* name) {
    const bool tls = address.rfind("grpcs://", 0) == 0;
    return absl::StrCat(tls ? "" : "grpc://", address, "/", name);
  };
  return {
      {"ReceiveOrderFunctionArn",
       method(addresses.receive, "orderflow.receive.v1.ReceiveService/ReceiveOrder")},
      {"CheckInventoryFunctionArn",
       method(addresses.inventory, "orderflow.inventory.v1.InventoryService/CheckInventory")},
      {"ReleaseReservationFunctionArn",
       method(addresses.inventory, "orderflow.inventory.v1.InventoryService/ReleaseReservation")},
      {"ChargePaymentFunctionArn",
       method(addresses.payment, "orderflow.payment.v1.PaymentService/ChargePayment")},
      {"SendConfirmationEmailFunctionArn",
       method(addresses.email, "orderflow.email.v1.EmailService/SendConfirmationEmail")},
  };
}

absl::StatusOr<Substitutions> ParseSubstitutions(std::string_view text) {
  const json::ParseResult parsed = json::Parse(text);
  if (!parsed.value) {
    return absl::InvalidArgumentError(absl::StrCat("line ", parsed.error->line, ", column ",
                                                   parsed.error->column, ": ",
                                                   parsed.error->message));
  }
  if (!parsed.value->IsObject()) {
    return absl::InvalidArgumentError(R"(expected an object such as {"Name": "value"})");
  }
  Substitutions substitutions;
  for (const json::Member& member : parsed.value->AsMembers()) {
    if (!member.value.IsString()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the value of \"", member.key, "\" is not a string"));
    }
    substitutions[member.key] = member.value.AsString();
  }
  return substitutions;
}

}  // namespace orderflow::api
