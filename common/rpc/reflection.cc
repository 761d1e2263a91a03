#include "common/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>

#include "common/base/mutex.h"
#include "common/base/quote.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace orderflow::rpc {
namespace {

namespace v1alpha = ::grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using v1alpha::ServerReflectionRequest;
using v1alpha::ServerReflectionResponse;

void AddFileAndImports(const FileDescriptor& file, std::set<const FileDescriptor*>& seen,
                       v1alpha::FileDescriptorResponse& out) {
  if (!seen.insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  out.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i)
    AddFileAndImports(*file.dependency(i), seen, out);
}

void AnswerNotFound(const std::string& what, ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
  response.mutable_error_response()->set_error_message(what + " is not known here");
}

void AnswerFile(const FileDescriptor* file, const std::string& what,
                ServerReflectionResponse& response) {
  if (file == nullptr) return AnswerNotFound(what, response);
  std::set<const FileDescriptor*> seen;
  AddFileAndImports(*file, seen, *response.mutable_file_descriptor_response());
}

void AnswerExtension(const v1alpha::ExtensionRequest& request, ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* type = pool.FindMessageTypeByName(request.containing_type());
  const auto* extension =
      type == nullptr ? nullptr : pool.FindExtensionByNumber(type, request.extension_number());
  AnswerFile(extension == nullptr ? nullptr : extension->file(),
             "extension " + std::to_string(request.extension_number()) + " of " +
                 Quote(request.containing_type()),
             response);
}

void AnswerExtensionNumbers(const std::string& type_name, ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* type = pool.FindMessageTypeByName(type_name);
  if (type == nullptr) return AnswerNotFound("type " + Quote(type_name), response);
  std::vector<const google::protobuf::FieldDescriptor*> extensions;
  pool.FindAllExtensions(type, &extensions);
  std::vector<int> numbers;
  for (const auto* extension : extensions) numbers.push_back(extension->number());
  std::sort(numbers.begin(), numbers.end());
  auto& answer = *response.mutable_all_extension_numbers_response();
  answer.set_base_type_name(type_name);
  for (const int number : numbers) answer.add_extension_number(number);
}

void AnswerRequest(const std::vector<std::string>& services, const ServerReflectionRequest& request,
                   ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  response.Clear();
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      return AnswerFile(pool.FindFileByName(request.file_by_filename()),
                        "file " + Quote(request.file_by_filename()), response);
    case ServerReflectionRequest::kFileContainingSymbol:
      return AnswerFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                        "symbol " + Quote(request.file_containing_symbol()), response);
    case ServerReflectionRequest::kFileContainingExtension:
      return AnswerExtension(request.file_containing_extension(), response);
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      return AnswerExtensionNumbers(request.all_extension_numbers_of_type(), response);
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : services)
        response.mutable_list_services_response()->add_service()->set_name(name);
      return;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      break;
  }
  response.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
  response.mutable_error_response()->set_error_message(
      "the request asks for nothing that this server knows of");
}

class ReflectionServiceImpl;

// One stream: read, answer, read again. It may be ended from outside (End) while it only waits for
// the client; `busy_` counts what keeps it from that: an answer under way, a StartRead that has not
// returned.
//
// Lives until OnDone; the service's list and whoever is ending it share it.
class Stream final
    : public grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse>,
      public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(ReflectionServiceImpl& service) : service_(service) {}

  void Start() { ReadNext(); }

  void End() {
    {
      MutexLock lock(mutex_);
      ending_ = true;
      if (finished_ || busy_ > 0) return;
      finished_ = true;
    }
    Finish(EndStatus());
  }

  void OnReadDone(bool ok) override;

  void OnWriteDone(bool ok) override {
    if (ok) return ReadNext();  // with the answer's share of busy_
    {
      MutexLock lock(mutex_);
      finished_ = true;  // nobody else could have: busy_ was not 0
    }
    Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override;

 private:
  static grpc::Status EndStatus() {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is shutting down");
  }
  void ReadNext();

  ReflectionServiceImpl& service_;
  ServerReflectionRequest request_;
  ServerReflectionResponse response_;
  Mutex mutex_;
  int busy_ ABSL_GUARDED_BY(mutex_) = 1;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

class ReflectionServiceImpl final : public ReflectionService,
                                    public v1alpha::ServerReflection::CallbackService {
 public:
  grpc::Service& service() override { return *this; }

  void SetServices(const std::vector<std::string>& full_names) override {
    MutexLock lock(mutex_);
    names_ = full_names;
  }

  void Drain() override {
    std::vector<std::shared_ptr<Stream>> streams;
    {
      MutexLock lock(mutex_);
      draining_ = true;
      streams.assign(streams_.begin(), streams_.end());
    }
    for (const auto& stream : streams) stream->End();
  }

  grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse>* ServerReflectionInfo(
      grpc::CallbackServerContext*) override {
    auto stream = std::make_shared<Stream>(*this);
    bool draining = false;
    {
      MutexLock lock(mutex_);
      streams_.insert(stream);
      draining = draining_;
    }
    if (draining) stream->End();  // takes effect once the first read waits
    stream->Start();
    return stream.get();
  }

  std::vector<std::string> names() {
    MutexLock lock(mutex_);
    return names_;
  }

  void Forget(const std::shared_ptr<Stream>& stream) {
    MutexLock lock(mutex_);
    streams_.erase(stream);
  }

 private:
  Mutex mutex_;
  std::vector<std::string> names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

// Called with a share of `busy_`, which it gives back.
void Stream::ReadNext() {
  const auto self = shared_from_this();  // the stream may be over before StartRead returns
  StartRead(&request_);
  {
    MutexLock lock(mutex_);
    --busy_;
    if (finished_ || !ending_ || busy_ > 0) return;
    finished_ = true;
  }
  Finish(EndStatus());
}

void Stream::OnReadDone(bool ok) {
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    if (ok) {
      ++busy_;
    } else {
      finished_ = true;
    }
  }
  if (!ok) return Finish(grpc::Status::OK);
  AnswerRequest(service_.names(), request_, response_);
  StartWrite(&response_);
}

void Stream::OnDone() { service_.Forget(shared_from_this()); }

}  // namespace

std::unique_ptr<ReflectionService> ReflectionService::Create() {
  return std::make_unique<ReflectionServiceImpl>();
}

}  // namespace orderflow::rpc
