#include "orchestrator/tasks/grpc_call.h"

#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "orchestrator/tasks/status_mapping.h"

namespace orderflow::tasks {
namespace {

using google::protobuf::Message;

// A server that gives up at the deadline may be a little ahead of our clock.
constexpr absl::Duration kDeadlineSlack = absl::Milliseconds(20);

// gRPC takes printable ASCII in metadata and ends the process at anything else: that is written as
// %XX.
std::string ToHeaderValue(std::string_view text) {
  std::string value;
  for (char c : text) {
    if (c >= 0x20 && c < 0x7f) {
      value += c;
    } else {
      absl::StrAppend(&value, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return value;
}

// False where the message is larger than Protobuf can say.
bool ToByteBuffer(const Message& message, grpc::ByteBuffer& out) {
  bool own_buffer = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &out, &own_buffer).ok();
}

bool FromByteBuffer(grpc::ByteBuffer& in, Message& message) {
  if (!in.Valid()) return false;
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&in, &message).ok();
}

}  // namespace

std::shared_ptr<GrpcCall> GrpcCall::Create(const GrpcCallEnvironment& environment, TaskCall call,
                                           absl::Time deadline, TaskDone done) {
  std::shared_ptr<GrpcCall> created(
      new GrpcCall(environment, std::move(call), deadline, std::move(done)));
  created->self_ = created;
  environment.in_flight->Add();
  return created;
}

GrpcCall::GrpcCall(const GrpcCallEnvironment& environment, TaskCall call, absl::Time deadline,
                   TaskDone done)
    : environment_(environment),
      call_(std::move(call)),
      deadline_(deadline),
      done_(std::move(done)) {}

void GrpcCall::Start(std::shared_ptr<grpc::Channel> channel, const GrpcResource& resource,
                     std::shared_ptr<const MethodBinding> binding) {
  binding_ = std::move(binding);
  method_ = absl::StrCat(resource.address, resource.path());
  if (std::optional<asl::Failure> failure = BuildRequest()) return Fail(*std::move(failure));
  grpc::ClientContext* context = context_.Open();
  // Cancelled already: nobody will be told.
  if (context == nullptr) return Fail(TimeoutFailure());
  context->set_deadline(absl::ToChronoTime(deadline_));
  AddMetadata(*context);
  grpc::GenericStub(std::move(channel))
      .PrepareUnaryCall(context, resource.path(), {}, &request_, &response_, this);
  StartCall();
}

std::optional<asl::Failure> GrpcCall::BuildRequest() {
  const std::unique_ptr<Message> message(binding_->request->New());
  const std::vector<FieldViolation> violations =
      binding_->codecs(call_.member_names).request->ToMessage(call_.input, *message);
  call_.input = json::Value();  // no longer needed, and it may be large
  const std::string& type = binding_->method->input_type()->full_name();
  if (!violations.empty()) return InvalidInputFailure(violations, type);
  if (ToByteBuffer(*message, request_)) return std::nullopt;
  return FailureFromStatus(
      absl::InvalidArgumentError(absl::StrCat("the task's input is too large for ", type)));
}

void GrpcCall::AddMetadata(grpc::ClientContext& context) const {
  if (!call_.idempotency_key.empty())
    context.AddMetadata("idempotency-key", ToHeaderValue(call_.idempotency_key));
  if (!call_.execution_arn.empty())
    context.AddMetadata("orderflow-execution", ToHeaderValue(call_.execution_arn));
  if (!call_.traceparent.empty())
    context.AddMetadata("traceparent", ToHeaderValue(call_.traceparent));
  if (!call_.task_token.empty())
    context.AddMetadata("orderflow-task-token", ToHeaderValue(call_.task_token));
  context.AddMetadata("orderflow-attempt", absl::StrCat(call_.try_number));
}

void GrpcCall::Fail(asl::Failure failure) {
  environment_.callbacks.Post([self = shared_from_this(), failure = std::move(failure)]() mutable {
    self->Tell(std::move(failure));
  });
}

void GrpcCall::Cancel() {
  TaskDone dropped;
  {
    MutexLock lock(mutex_);
    dropped = std::exchange(done_, nullptr);
  }
  if (dropped != nullptr) context_.Cancel();
}

void GrpcCall::OnDone(const grpc::Status& status) {
  // Before anybody is told, as the channel's owner may then let go of it: see CallContext.
  context_.Close();
  Tell(OutcomeOf(status));
}

TaskOutcome GrpcCall::OutcomeOf(const grpc::Status& status) {
  if (status.ok()) return ReadResponse();
  const bool late = environment_.clock.Now() >= deadline_ - kDeadlineSlack;
  if (late && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return TimeoutFailure();
  asl::Failure failure = FailureFromStatus(status, method_);
  // A service that plays one of AWS's words its errors as that does: for people.
  if (call_.member_names == MemberNames::kAws && HasReason(status))
    failure.cause = status.error_message();
  return failure;
}

TaskOutcome GrpcCall::ReadResponse() {
  const std::unique_ptr<Message> message(binding_->response->New());
  const std::string& type = binding_->method->output_type()->full_name();
  if (!FromByteBuffer(response_, *message)) {
    return FailureFromStatus(
        absl::InternalError(absl::StrCat(method_, " answered what is no ", type)));
  }
  absl::StatusOr<json::Value> output =
      binding_->codecs(call_.member_names).response->FromMessage(*message);
  if (output.ok()) return *std::move(output);
  return FailureFromStatus(absl::InternalError(absl::StrCat(
      method_, " answered what JSON cannot say: ", std::string(output.status().message()))));
}

void GrpcCall::Tell(TaskOutcome outcome) {
  const std::shared_ptr<GrpcCall> self = std::move(self_);
  const std::shared_ptr<InFlight> in_flight = environment_.in_flight;
  TaskDone done;
  {
    MutexLock lock(mutex_);
    done = std::exchange(done_, nullptr);
  }
  if (done != nullptr) std::move(done)(std::move(outcome));
  in_flight->Done();
}

}  // namespace orderflow::tasks
