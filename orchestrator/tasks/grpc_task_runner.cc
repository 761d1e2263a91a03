#include "orchestrator/tasks/grpc_task_runner.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/channel.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/grpc_call.h"
#include "orchestrator/tasks/grpc_resource.h"
#include "orchestrator/tasks/grpc_target.h"
#include "orchestrator/tasks/in_flight.h"
#include "orchestrator/tasks/message_types.h"
#include "orchestrator/tasks/service_types.h"
#include "orchestrator/tasks/status_mapping.h"
#include "orchestrator/tasks/type_set.h"

namespace orderflow::tasks {
namespace {

using google::protobuf::FileDescriptorSet;

absl::StatusOr<std::shared_ptr<const TypeSet>> ReadDescriptorSet(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)),
                          std::istreambuf_iterator<char>());
  if (!stream.good() && !stream.eof())
    return absl::InvalidArgumentError(absl::StrCat("cannot read the descriptor set ", file));
  FileDescriptorSet files;
  if (bytes.empty() || !files.ParseFromString(bytes)) {
    return absl::InvalidArgumentError(absl::StrCat(
        file,
        " is no descriptor set; write one with protoc --include_imports --descriptor_set_out"));
  }
  absl::StatusOr<std::shared_ptr<const TypeSet>> types = TypeSet::Create(files);
  if (types.ok()) return types;
  return absl::InvalidArgumentError(
      absl::StrCat(file, ": ", std::string(types.status().message())));
}

// What a resource leads to. Lives as long as the runner.
struct Route {
  GrpcResource resource;
  GrpcTarget* target;
  ServiceTypes* service;
};

class Handle final : public RunningTask {
 public:
  explicit Handle(std::shared_ptr<GrpcCall> call) : call_(std::move(call)) {}
  ~Handle() override { call_->Cancel(); }
  void Cancel() override { call_->Cancel(); }

 private:
  const std::shared_ptr<GrpcCall> call_;
};

class GrpcTaskRunner final : public TaskRunner {
 public:
  GrpcTaskRunner(const GrpcTaskRunnerOptions& options, std::shared_ptr<const TypeSet> given,
                 const Clock& clock)
      : options_(options), given_(std::move(given)), clock_(clock) {}

  ~GrpcTaskRunner() override {
    {
      MutexLock lock(mutex_);
      for (auto& [address, target] : targets_) target->Close();
    }
    in_flight_->WaitUntilNone();
  }

  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override;
  std::optional<std::string> CheckResource(std::string_view resource) const override;
  void FindTypes(std::string_view resource, TypesDone done) override;

 private:
  absl::StatusOr<const Route*> RouteTo(const std::string& resource);
  absl::StatusOr<const Route*> AddRoute(const std::string& text)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<GrpcTarget*> TargetOf(const GrpcResource& resource)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const GrpcResource& resource) const;
  std::unique_ptr<ServiceTypes> MakeService(const GrpcTarget& target,
                                            const GrpcResource& resource) const;

  const GrpcTaskRunnerOptions options_;
  const std::shared_ptr<const TypeSet> given_;  // null without a descriptor set
  const Clock& clock_;
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();

  // Held for a look-up; only the first call of a resource does more under it.
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<GrpcTarget>> targets_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::unique_ptr<const Route>> routes_ ABSL_GUARDED_BY(mutex_);

  // Last, so that it ends first: its callbacks use the rest.
  CallbackThread callbacks_;
};

std::unique_ptr<RunningTask> GrpcTaskRunner::Run(TaskCall call, TaskDone done) {
  const absl::Time deadline = call.deadline.value_or(clock_.Now() + options_.default_deadline);
  const absl::StatusOr<const Route*> found = RouteTo(call.resource);
  std::shared_ptr<GrpcCall> attempt = GrpcCall::Create({clock_, callbacks_, in_flight_},
                                                       std::move(call), deadline, std::move(done));
  auto handle = std::make_unique<Handle>(attempt);
  if (!found.ok()) {
    attempt->Fail(FailureFromStatus(found.status()));
    return handle;
  }
  const Route& route = **found;
  ServiceTypes::Waiter start = [attempt, &route](absl::StatusOr<ServiceTypes::Binding> binding) {
    if (!binding.ok()) return attempt->Fail(FailureFromStatus(binding.status()));
    attempt->Start(route.target->NextChannel(), route.resource, *std::move(binding));
  };
  // Known types need no detour: the call starts here.
  auto known = route.service->Find(route.resource.method, start);
  if (known.has_value()) std::move(start)(*std::move(known));
  return handle;
}

absl::StatusOr<const Route*> GrpcTaskRunner::RouteTo(const std::string& resource) {
  MutexLock lock(mutex_);
  auto known = routes_.find(resource);
  if (known != routes_.end()) return known->second.get();
  return AddRoute(resource);
}

absl::StatusOr<const Route*> GrpcTaskRunner::AddRoute(const std::string& text) {
  ORDERFLOW_ASSIGN_OR_RETURN(GrpcResource resource, ParseGrpcResource(text));
  ORDERFLOW_ASSIGN_OR_RETURN(GrpcTarget * target, TargetOf(resource));
  ServiceTypes& service =
      target->Service(resource.service, [&] { return MakeService(*target, resource); });
  auto route = std::make_unique<const Route>(Route{std::move(resource), target, &service});
  return routes_.emplace(text, std::move(route)).first->second.get();
}

absl::StatusOr<GrpcTarget*> GrpcTaskRunner::TargetOf(const GrpcResource& resource) {
  const std::string key = absl::StrCat(resource.tls ? "grpcs://" : "grpc://", resource.address);
  auto known = targets_.find(key);
  if (known != targets_.end()) return known->second.get();
  if (targets_.size() >= options_.max_targets) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot call ", resource.address,
                                                     ": tasks call ", options_.max_targets,
                                                     " other hosts already"));
  }
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::max(options_.connections_per_target, 1); ++i) {
    ORDERFLOW_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, Connect(resource));
    channels.push_back(std::move(channel));
  }
  return targets_.emplace(key, std::make_unique<GrpcTarget>(std::move(channels)))
      .first->second.get();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> GrpcTaskRunner::Connect(
    const GrpcResource& resource) const {
  rpc::ChannelOptions channel;
  if (resource.tls) channel.tls = options_.tls;
  channel.tls.enabled = resource.tls;
  channel.max_message_bytes = options_.max_message_bytes;
  // Also keeps our two connections apart from each other.
  channel.own_connection = true;
  auto mapped = options_.targets.find(resource.address);
  return rpc::MakeChannel(
      mapped == options_.targets.end() ? resource.target() : "dns:///" + mapped->second, channel);
}

std::unique_ptr<ServiceTypes> GrpcTaskRunner::MakeService(const GrpcTarget& target,
                                                          const GrpcResource& resource) const {
  const bool is_given = given_ != nullptr && given_->FindService(resource.service) != nullptr;
  const ServiceTypes::Options options = {
      .lookup_deadline = options_.reflection_deadline,
      .unknown_method_ttl = options_.unknown_method_ttl,
      .types_ttl = options_.types_ttl,
  };
  return std::make_unique<ServiceTypes>(target.first_channel(), resource.address, resource.service,
                                        is_given ? given_ : nullptr, options, clock_, in_flight_);
}

std::optional<std::string> GrpcTaskRunner::CheckResource(std::string_view resource) const {
  const absl::StatusOr<GrpcResource> parsed = ParseGrpcResource(resource);
  if (parsed.ok()) return std::nullopt;
  return std::string(parsed.status().message());
}

void GrpcTaskRunner::FindTypes(std::string_view resource, TypesDone done) {
  const absl::StatusOr<GrpcResource> parsed = ParseGrpcResource(resource);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  auto describe = [done = std::move(done), anybody = parsed->waits_for_token](
                      absl::StatusOr<ServiceTypes::Binding> binding) mutable {
    if (!binding.ok()) return std::move(done)(binding.status());
    typecheck::TaskTypes types = DescribeMethod(*(*binding)->method, *binding);
    // Whoever has the token may answer anything.
    if (anybody) types.response = typecheck::AnyType();
    std::move(done)(std::move(types));
  };
  // A descriptor set needs no connection.
  const auto* given = given_ == nullptr ? nullptr : given_->FindService(parsed->service);
  if (given != nullptr)
    return describe(BindMethod(given_, *given, parsed->method, parsed->address));
  const absl::StatusOr<const Route*> route = RouteTo(std::string(resource));
  if (!route.ok()) return describe(route.status());
  ServiceTypes::Waiter waiter = std::move(describe);
  auto known = (*route)->service->Find(parsed->method, waiter);
  if (known.has_value()) std::move(waiter)(*std::move(known));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TaskRunner>> CreateGrpcTaskRunner(
    const GrpcTaskRunnerOptions& options, const Clock& clock) {
  std::shared_ptr<const TypeSet> given;
  if (!options.descriptor_set_file.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(given, ReadDescriptorSet(options.descriptor_set_file));
  }
  rpc::ClientTls tls = options.tls;
  tls.enabled = true;
  // Finds what is wrong with the files now rather than at the first task.
  if (!tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.key_file.empty()) {
    if (const absl::Status files = rpc::MakeChannelCredentials(tls).status(); !files.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("TLS of tasks: ", std::string(files.message())));
    }
  }
  return std::unique_ptr<TaskRunner>(
      std::make_unique<GrpcTaskRunner>(options, std::move(given), clock));
}

}  // namespace orderflow::tasks
