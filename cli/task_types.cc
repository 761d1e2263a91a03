#include "cli/task_types.h"

#include <google/protobuf/descriptor.h>

#include <optional>
#include <utility>

#include "common/base/status.h"
#include "orchestrator/tasks/grpc_resource.h"
#include "orchestrator/tasks/grpc_task_runner.h"
#include "orchestrator/tasks/lambda_function.h"
#include "orchestrator/tasks/message_types.h"

namespace orderflow::cli {
namespace {

using Types = std::optional<typecheck::TaskTypes>;

class ServerTypes final : public tasks::TaskRunner {
 public:
  explicit ServerTypes(std::unique_ptr<tasks::TaskRunner> grpc) : grpc_(std::move(grpc)) {}

  // Nobody has a task to run here.
  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall, tasks::TaskDone) override {
    return nullptr;
  }

  // What can be told of a resource without a server. Others than gRPC methods and Lambda functions
  // are not ours to judge.
  std::optional<std::string> CheckResource(std::string_view resource) const override {
    absl::Status status;
    if (IsGrpc(resource)) status = tasks::ParseGrpcResource(resource).status();
    if (resource.starts_with(tasks::kLambdaArn)) status = tasks::ParseLambdaArn(resource).status();
    return status.ok() ? std::nullopt : std::make_optional(std::string(status.message()));
  }

  void FindTypes(std::string_view resource, TypesDone done) override {
    if (!IsGrpc(resource)) return std::move(done)(Types());
    grpc_->FindTypes(resource, [resource = std::string(resource),
                                done = std::move(done)](absl::StatusOr<Types> types) mutable {
      if (absl::IsUnavailable(types.status())) {
        if (const auto* method = FindOwn(resource))
          types = std::make_optional(tasks::DescribeMethod(*method, nullptr));
      }
      std::move(done)(std::move(types));
    });
  }

 private:
  static bool IsGrpc(std::string_view resource) {
    return resource.starts_with("grpc://") || resource.starts_with("grpcs://");
  }

  // A method of the contracts that this program was built with, or null.
  static const google::protobuf::MethodDescriptor* FindOwn(const std::string& resource) {
    const absl::StatusOr<tasks::GrpcResource> parsed = tasks::ParseGrpcResource(resource);
    if (!parsed.ok()) return nullptr;
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(parsed->service);
    return service == nullptr ? nullptr : service->FindMethodByName(parsed->method);
  }

  const std::unique_ptr<tasks::TaskRunner> grpc_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<tasks::TaskRunner>> CreateTaskTypes(
    const std::string& descriptor_set, const TlsSettings& tls) {
  tasks::GrpcTaskRunnerOptions options;
  options.descriptor_set_file = descriptor_set;
  options.tls.ca_file = tls.ca_file;
  options.tls.certificate_file = tls.cert_file;
  options.tls.key_file = tls.key_file;
  ORDERFLOW_ASSIGN_OR_RETURN(std::unique_ptr<tasks::TaskRunner> grpc,
                             tasks::CreateGrpcTaskRunner(options));
  return std::make_unique<ServerTypes>(std::move(grpc));
}

}  // namespace orderflow::cli
