#include "cli/session.h"

#include <google/protobuf/util/json_util.h>

#include <ostream>

#include "absl/strings/str_cat.h"
#include "cli/table.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/json/value.h"

namespace orderflow::cli {
namespace {

std::string ErrorLine(const absl::Status& error) {
  const absl::StatusCode code = error.code();
  const std::string message(error.message());
  // "cannot reach ..." is clear by itself; what a server said is shown with its code.
  if (code == absl::StatusCode::kUnavailable && !GetErrorInfo(error).has_value()) return message;
  return absl::StrCat(std::string(StatusCodeName(code)), ": ", message);
}

std::string ToJson(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = indented;
  std::string text;
  // Fails only for a google.protobuf.Any of unknown type, and no answer holds one.
  ORDERFLOW_CHECK(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
  return text;
}

json::Value ErrorObject(const absl::Status& error) {
  json::Members members = {{"code", StatusCodeName(error.code())},
                           {"message", std::string(error.message())}};
  if (const auto info = GetErrorInfo(error)) members.push_back({"reason", info->reason});
  json::Array violations;
  for (const FieldViolation& violation : GetFieldViolations(error)) {
    violations.push_back(
        json::Value::Object({{"field", violation.field}, {"description", violation.description}}));
  }
  if (!violations.empty())
    members.push_back({"field_violations", json::Value::FromArray(std::move(violations))});
  return json::Value::Object({{"error", json::Value::FromMembers(std::move(members))}});
}

}  // namespace

Client& Session::orchestrator() {
  if (!orchestrator_) {
    orchestrator_ = std::make_unique<Client>(ServerName{"orchestrator", "--address"},
                                             orchestrator_address, tls);
  }
  return *orchestrator_;
}

Client& Session::inventory() {
  if (!inventory_) {
    inventory_ = std::make_unique<Client>(ServerName{"inventory service", "--inventory-address"},
                                          inventory_address, tls);
  }
  return *inventory_;
}

void Session::PrintJson(const google::protobuf::Message& message) { out_ << ToJson(message, true); }

void Session::PrintJsonLine(const google::protobuf::Message& message) {
  out_ << ToJson(message, false) << "\n";
  out_.flush();
}

ExitCode Session::Fail(const absl::Status& error) {
  if (json) {
    err_ << json::Serialize(ErrorObject(error)) << "\n";
  } else {
    err_ << "orderflow: " << Printable(ErrorLine(error)) << "\n";
  }
  return ExitCodeFor(error.code());
}

ExitCode Session::Fail(ExitCode code, std::string_view message) {
  err_ << "orderflow: " << Printable(message) << "\n";
  return code;
}

}  // namespace orderflow::cli
