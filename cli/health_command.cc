#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/session.h"
#include "cli/table.h"
#include "grpc/health/v1/health.pb.h"

namespace orderflow::cli {
namespace {

using grpc::health::v1::HealthCheckResponse;

// A probe that has no answer by now has its answer.
constexpr absl::Duration kPatience = absl::Seconds(5);

struct HealthFlags {
  std::string address;
  std::string service;
};

std::string Subject(const HealthFlags& flags) {
  const std::string server = absl::StrCat("the server at ", flags.address);
  return flags.service.empty() ? server : absl::StrCat(flags.service, " of ", server);
}

ExitCode Check(Session& session, const HealthFlags& flags) {
  Client server(ServerName{.name = "server", .flag = ""}, flags.address, session.tls);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(flags.service);
  HealthCheckResponse response;
  const absl::Status status = server.Call("/grpc.health.v1.Health/Check", request, response,
                                          std::min(session.timeout(), kPatience));
  if (!status.ok()) return session.Fail(status);
  if (response.status() != HealthCheckResponse::SERVING) {
    return session.Fail(ExitCode::kUnavailable,
                        absl::StrCat(Subject(flags), " is ",
                                     HealthCheckResponse::ServingStatus_Name(response.status())));
  }
  if (session.json) {
    session.PrintJson(response);
  } else {
    session.out() << Printable(Subject(flags)) << " is SERVING\n";
  }
  return ExitCode::kOk;
}

}  // namespace

void AddHealthCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "health", "Ask any gRPC server whether it can do its work; made for probes");
  auto flags = std::make_shared<HealthFlags>();
  command->add_option("address", flags->address, "Where the server listens, HOST:PORT")->required();
  command->add_option(
      "--service", flags->service,
      "Ask about this service, package.Service; without it, about the whole server");
  command->footer(
      "Exit status 0 if it is SERVING, else 3 (4: it has no such service). Waits 5 s at most; a "
      "smaller --timeout counts.\n\n"
      "Examples:\n"
      "  orderflow health localhost:50050\n"
      "  orderflow health localhost:50053 --service orderflow.payment.v1.PaymentService");
  command->callback(
      [&session, flags] { session.action = [&session, flags] { return Check(session, *flags); }; });
}

}  // namespace orderflow::cli
