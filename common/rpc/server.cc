#include "common/rpc/server.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/net/listen_address.h"
#include "common/rpc/health.h"
#include "common/rpc/readiness.h"
#include "common/rpc/reflection.h"
#include "common/rpc/served_method.h"

namespace orderflow::rpc {
namespace {

using Names = std::vector<std::string>;

// Tells the names of the registered services, which gRPC knows and grpc::Service does not give
// away.
class NamesPlugin final : public grpc::ServerBuilderPlugin {
 public:
  explicit NamesPlugin(std::shared_ptr<Names> names) : names_(std::move(names)) {}
  std::string name() override { return "orderflow-service-names"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer* initializer) override {
    *names_ = *initializer->GetServiceList();
  }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  std::shared_ptr<Names> names_;
};

class NamesOption final : public grpc::ServerBuilderOption {
 public:
  explicit NamesOption(std::shared_ptr<Names> names) : names_(std::move(names)) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<NamesPlugin>(names_));
  }

 private:
  std::shared_ptr<Names> names_;
};

void SetArguments(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Two servers on one port would each get some of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(options.pings.server_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(options.pings.timeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Millis(options.pings.permitted_interval));
  if (options.max_connection_age > absl::ZeroDuration()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(options.max_connection_age));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               Millis(options.max_connection_age_grace));
  }
  // Bookkeeping for a debug service that we do not run.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
  grpc::ResourceQuota quota("orderflow");
  quota.Resize(options.max_buffer_bytes);
  builder.SetResourceQuota(quota);
}

absl::Status CheckLimits(const ServerOptions& options) {
  if (options.max_message_bytes < 1)
    return absl::InvalidArgumentError("max_message_bytes must be at least 1");
  if (options.max_concurrent_calls < 1)
    return absl::InvalidArgumentError("max_concurrent_calls must be at least 1");
  for (const absl::Duration duration :
       {options.max_connection_age, options.max_connection_age_grace, options.drain_delay,
        options.drain_timeout}) {
    if (duration < absl::ZeroDuration()) {
      return absl::InvalidArgumentError(
          "a duration of " + absl::FormatDuration(duration) +
          " is negative (max_connection_age, its grace, drain_delay, drain_timeout)");
    }
  }
  return absl::OkStatus();
}

// Makes metrics of all methods visible before their first call, and sets the limit of calls.
void PrepareServices(const Names& names, int max_concurrent_calls) {
  for (const std::string& name : names) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr || name.rfind("grpc.", 0) == 0) continue;
    ServiceNamed(name).max_in_flight.store(max_concurrent_calls);
    for (int i = 0; i < service->method_count(); ++i)
      MethodTaking(*service->method(i)->input_type());
  }
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, Module& module)
      : options_(options),
        module_(module),
        health_(HealthService::Create()),
        reflection_(ReflectionService::Create()) {}

  absl::Status Start() {
    ORDERFLOW_RETURN_IF_ERROR(CheckLimits(options_));
    ORDERFLOW_ASSIGN_OR_RETURN(net::ListenAddress address,
                               net::ParseListenAddress(options_.listen));
    ORDERFLOW_ASSIGN_OR_RETURN(const auto credentials, MakeServerCredentials(options_.tls));
    // gRPC says only that something went wrong; trying the address first tells what.
    ORDERFLOW_RETURN_IF_ERROR(net::CheckCanListen(address));
    auto names = std::make_shared<Names>();
    grpc::ServerBuilder builder;
    builder.SetOption(std::make_unique<NamesOption>(names));
    SetArguments(options_, builder);
    builder.AddListeningPort(address.ToString(), credentials, &port_);
    for (grpc::Service* service : module_.services()) builder.RegisterService(service);
    builder.RegisterService(&health_->service());
    builder.RegisterService(&reflection_->service());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0)
      return absl::UnavailableError("cannot listen on " + address.ToString());
    address.port = static_cast<uint16_t>(port_);
    address_ = address.ToString();
    health_->SetServices(*names);
    reflection_->SetServices(*names);
    PrepareServices(*names, options_.max_concurrent_calls);
    readiness_ =
        std::make_unique<ReadinessProbe>(module_, options_.ready_interval, options_.ready_timeout,
                                         [this](bool ready) { health_->SetServing(ready); });
    logging::Info("listening", {{"module", module_.name()},
                                {"address", address_},
                                {"tls", options_.tls.enabled()},
                                {"client_certificates", !options_.tls.client_ca_file.empty()}});
    return absl::OkStatus();
  }

  void Stop() {
    std::call_once(stopped_, [this] {
      if (server_ != nullptr) Drain();
      module_.Stop();
    });
  }

  int port() const { return port_; }
  const std::string& address() const { return address_; }

 private:
  void Drain() {
    logging::Info("draining", {{"module", module_.name()}});
    readiness_.reset();  // or it would say SERVING again
    health_->SetServing(false);
    absl::SleepFor(options_.drain_delay);
    health_->Drain();
    reflection_->Drain();
    module_.Drain();
    server_->Shutdown(std::chrono::system_clock::now() +
                      absl::ToChronoMilliseconds(options_.drain_timeout));
    server_->Wait();
    logging::Info("stopped", {{"module", module_.name()}});
  }

  const ServerOptions options_;
  Module& module_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<ReflectionService> reflection_;
  int port_ = 0;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ReadinessProbe> readiness_;
  std::once_flag stopped_;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      Module& module) {
  auto impl = std::make_unique<Impl>(options, module);
  ORDERFLOW_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Stop(); }
int Server::port() const { return impl_->port(); }
const std::string& Server::address() const { return impl_->address(); }
void Server::Stop() { impl_->Stop(); }

}  // namespace orderflow::rpc
