#include "orchestrator/aws/endpoint.h"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/http/server.h"
#include "common/logging/logging.h"
#include "common/rpc/served_method.h"
#include "orchestrator/api/uuid.h"
#include "orchestrator/aws/call.h"
#include "orchestrator/aws/credentials.h"
#include "orchestrator/aws/signature.h"

namespace orderflow::aws {
namespace {

constexpr size_t kMaxShownName = 100;

// Of connections with TLS, each of which costs some memory.
constexpr size_t kMaxTlsConnections = 2'000;

http::ServerOptions ServerOptions(const EndpointOptions& options) {
  http::ServerOptions server{.listen = options.listen, .tls = options.tls};
  if (!options.tls.enabled()) return server;
  server.max_connections = kMaxTlsConnections;
  server.tls.report = [](const absl::Status& status) {
    logging::Error("the AWS API keeps its old certificate",
                   {{"error", std::string(status.message())}});
  };
  return server;
}

absl::Status WithSetting(const absl::Status& status, std::string_view setting) {
  return absl::Status(status.code(), absl::StrCat(std::string(status.message()), " (see --",
                                                  std::string(setting), ")"));
}

// A call under way: counted, timed and answered once.
class RunningCall {
 public:
  RunningCall(rpc::ServedMethod& method, std::string request_id, http::Server::Respond respond)
      : method_(&method), request_id_(std::move(request_id)), respond_(std::move(respond)) {
    method_->metrics->Start();
    method_->service->in_flight.fetch_add(1, std::memory_order_relaxed);
  }

  bool overloaded() const {
    return method_->service->in_flight.load(std::memory_order_relaxed) >
           method_->service->max_in_flight.load(std::memory_order_relaxed);
  }

  void Finish(const absl::StatusOr<json::Value>& result) && {
    Count(result.status().code());
    if (result.ok()) {
      return std::move(respond_)(
          MakeResponse(200, json::Serialize(*result), std::move(request_id_)));
    }
    const Fault fault = ToFault(result.status());
    if (fault.http_status == 500) {
      logging::Error("call failed", {{"rpc_service", method_->service->full_name},
                                     {"rpc_method", method_->name},
                                     {"code", StatusCodeName(result.status().code())},
                                     {"error", std::string(result.status().message())}});
    }
    std::move(respond_)(MakeResponse(fault, std::move(request_id_)));
  }

  void Finish(const Fault& fault) && {
    Count(absl::StatusCode::kInvalidArgument);
    std::move(respond_)(MakeResponse(fault, std::move(request_id_)));
  }

 private:
  void Count(absl::StatusCode code) {
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    method_->service->in_flight.fetch_sub(1, std::memory_order_relaxed);
    method_->metrics->Finish(code,
                             std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  }

  rpc::ServedMethod* method_;
  std::string request_id_;
  http::Server::Respond respond_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

class Endpoint::Impl final : public http::Server::Handler {
 public:
  Impl(Operations operations, std::optional<SignatureVerifier> verifier)
      : operations_(std::move(operations)), verifier_(std::move(verifier)) {}

  absl::Status Start(const EndpointOptions& options) {
    auto server = http::Server::Start(ServerOptions(options), *this);
    if (!server.ok()) {
      return WithSetting(server.status(), options.tls.enabled()
                                              ? "aws_listen, --aws_tls_certificate, --aws_tls_key"
                                              : "aws_listen");
    }
    server_ = *std::move(server);
    logging::Info("serving the AWS API", {{"address", server_->address()},
                                          {"tls", options.tls.enabled()},
                                          {"signatures", verifier_.has_value()}});
    return absl::OkStatus();
  }

  void Handle(http::ServerRequest request, http::Server::Respond respond) override {
    std::string id = api::NewUuid();
    std::variant<Call, Fault> read = ReadCall(request);
    if (const Fault* fault = std::get_if<Fault>(&read)) {
      return std::move(respond)(MakeResponse(*fault, std::move(id)));
    }
    // Before anything is told of what there is.
    if (verifier_) {
      if (const std::optional<Fault> fault = verifier_->Verify(request)) {
        return std::move(respond)(MakeResponse(*fault, std::move(id)));
      }
    }
    Run(std::get<Call>(std::move(read)), request.when_gone, std::move(id), std::move(respond));
  }

  http::ServerResponse Refuse(int status, std::string_view why) override {
    return MakeResponse(
        {status, status == 413 ? "RequestEntityTooLargeException" : "MalformedHttpRequest",
         std::string(why)},
        api::NewUuid());
  }

  http::Server& server() { return *server_; }

 private:
  void Run(Call call, const http::WhenGone& when_gone, std::string id,
           http::Server::Respond respond) {
    const Operation* operation = operations_.Find(call.operation);
    if (operation == nullptr) {
      const Fault fault = UnknownOperation(absl::StrCat(
          "there is no operation ", Quote(call.operation, kMaxShownName), " in this endpoint"));
      return std::move(respond)(MakeResponse(fault, std::move(id)));
    }
    // Shared, since the operation takes the callback even where it answers a fault instead.
    auto running =
        std::make_shared<RunningCall>(operation->method(), std::move(id), std::move(respond));
    if (running->overloaded()) {
      return std::move(*running).Finish(
          absl::UnavailableError("as many calls are under way as are taken; try again"));
    }
    const std::optional<Fault> fault = operation->Call(
        call.input, when_gone,
        [running](absl::StatusOr<json::Value> result) { std::move(*running).Finish(result); });
    if (fault) std::move(*running).Finish(*fault);
  }

  const Operations operations_;
  const std::optional<SignatureVerifier> verifier_;
  std::unique_ptr<http::Server> server_;  // last: its threads use all others
};

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Start(const EndpointOptions& options,
                                                          Operations operations,
                                                          const Clock& clock) {
  std::optional<SignatureVerifier> verifier;
  if (!options.credentials_file.empty()) {
    absl::StatusOr<Credentials> credentials = ReadCredentials(options.credentials_file);
    if (!credentials.ok()) return WithSetting(credentials.status(), "aws_credentials");
    verifier.emplace(*std::move(credentials), options.region, clock);
  }
  auto impl = std::make_unique<Impl>(std::move(operations), std::move(verifier));
  ORDERFLOW_RETURN_IF_ERROR(impl->Start(options));
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(impl)));
}

Endpoint::Endpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Endpoint::~Endpoint() { Stop(); }
int Endpoint::port() const { return impl_->server().port(); }
const std::string& Endpoint::address() const { return impl_->server().address(); }
void Endpoint::Drain() { impl_->server().Drain(); }
void Endpoint::Stop() { impl_->server().Stop(); }

}  // namespace orderflow::aws
