#include "orchestrator/tasks/reflection_lookup.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "orchestrator/tasks/call_context.h"

namespace orderflow::tasks {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using grpc::reflection::v1alpha::ServerReflection;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

// A service whose types need more than this is more than a task needs.
constexpr size_t kMaxFiles = 2000;
constexpr size_t kMaxBytes = 16 << 20;

// Asks for the service's file, then, as some servers answer with that file only, for each import
// that did not come with it. Holds itself while the stream is open.
class Stream final
    : public ReflectionLookup,
      public grpc::ClientBidiReactor<ServerReflectionRequest, ServerReflectionResponse> {
 public:
  Stream(std::shared_ptr<grpc::Channel> channel, std::string service, Done done)
      : channel_(std::move(channel)), service_(std::move(service)), done_(std::move(done)) {}

  void Begin(std::shared_ptr<Stream> self, absl::Time deadline) {
    self_ = std::move(self);
    grpc::ClientContext* context = context_.Open();
    context->set_deadline(absl::ToChronoTime(deadline));
    stub_ = ServerReflection::NewStub(channel_);
    stub_->async()->ServerReflectionInfo(context, this);
    request_.set_file_containing_symbol(service_);
    StartWrite(&request_);
    StartCall();
  }

  void Cancel() override { context_.Cancel(); }

  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&response_);  // else the call is over and OnDone says why
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    result_ = TakeResponse();
    std::string missing = result_.ok() ? NextMissing() : "";
    if (missing.empty()) {
      answered_ = true;
      StartWritesDone();
      return;
    }
    request_.Clear();
    request_.set_file_by_filename(std::move(missing));
    StartWrite(&request_);
  }

  // Nothing touches this after it, but Cancel by somebody who holds a reference.
  void OnDone(const grpc::Status& status) override {
    std::shared_ptr<Stream> self = std::move(self_);
    // What was asked for is here: how the stream ended afterwards does not matter.
    if (!answered_) result_ = ToError(status);
    // Before anybody is told, as the channel's owner may then let go of it: see CallContext.
    context_.Close();
    stub_.reset();
    channel_.reset();
    if (result_.ok()) return std::move(done_)(std::move(files_));
    std::move(done_)(result_);
  }

 private:
  static absl::Status ToError(const grpc::Status& status) {
    if (status.ok())
      return absl::UnavailableError("the server closed the reflection stream without an answer");
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  absl::Status TakeResponse() {
    if (response_.has_error_response()) {
      const auto& error = response_.error_response();
      const auto code = static_cast<absl::StatusCode>(error.error_code());
      return absl::Status(code == absl::StatusCode::kOk ? absl::StatusCode::kUnknown : code,
                          error.error_message());
    }
    const auto& answer = response_.file_descriptor_response();
    if (answer.file_descriptor_proto().empty())
      return absl::InternalError("the server's reflection gave no file");
    for (const std::string& serialized : answer.file_descriptor_proto()) {
      FileDescriptorProto file;
      if (!file.ParseFromString(serialized))
        return absl::InternalError("the server's reflection gave a file that is none");
      if (!known_.insert(file.name()).second) continue;
      bytes_ += serialized.size();
      for (const std::string& import : file.dependency()) imports_.push_back(import);
      files_.add_file()->Swap(&file);
    }
    if (bytes_ > kMaxBytes || known_.size() > kMaxFiles) {
      return absl::ResourceExhaustedError(absl::StrCat("the types of ", service_, " are more than ",
                                                       kMaxFiles, " files or ", kMaxBytes,
                                                       " bytes"));
    }
    return absl::OkStatus();
  }

  // A file that is imported and was not sent; empty if there is none. google.protobuf's are known
  // anyway.
  std::string NextMissing() {
    while (!imports_.empty()) {
      std::string import = std::move(imports_.back());
      imports_.pop_back();
      if (import.rfind("google/protobuf/", 0) != 0 && !known_.contains(import)) return import;
    }
    return "";
  }

  std::shared_ptr<grpc::Channel> channel_;
  const std::string service_;
  Done done_;
  std::shared_ptr<Stream> self_;
  CallContext context_;
  std::unique_ptr<ServerReflection::Stub> stub_;
  ServerReflectionRequest request_;
  ServerReflectionResponse response_;

  FileDescriptorSet files_;
  absl::flat_hash_set<std::string> known_;
  std::vector<std::string> imports_;
  size_t bytes_ = 0;
  absl::Status result_;
  bool answered_ = false;
};

}  // namespace

std::shared_ptr<ReflectionLookup> ReflectionLookup::Start(std::shared_ptr<grpc::Channel> channel,
                                                          std::string service, absl::Time deadline,
                                                          Done done) {
  auto stream = std::make_shared<Stream>(std::move(channel), std::move(service), std::move(done));
  stream->Begin(stream, deadline);
  return stream;
}

}  // namespace orderflow::tasks
