#include "common/rpc/served_method.h"

#include <google/protobuf/descriptor.h>

#include <deque>

#include "common/base/check.h"
#include "common/base/mutex.h"

namespace orderflow::rpc {
namespace {

// Grows by one entry per service and method ever served; entries stay where they are.
class Registry {
 public:
  ServedService& Service(std::string_view full_name) {
    MutexLock lock(mutex_);
    for (ServedService& service : services_) {
      if (service.full_name == full_name) return service;
    }
    ServedService& added = services_.emplace_back();
    added.full_name = full_name;
    return added;
  }

  ServedMethod& Method(const google::protobuf::MethodDescriptor& descriptor) {
    ServedService& service = Service(descriptor.service()->full_name());
    metrics::RpcMethod& metrics =
        metrics::Default().AddRpcMethod(service.full_name, descriptor.name());
    MutexLock lock(mutex_);
    for (ServedMethod& method : methods_) {
      if (method.metrics == &metrics) return method;
    }
    return methods_.emplace_back(ServedMethod{descriptor.name(), &service, &metrics});
  }

 private:
  Mutex mutex_;
  std::deque<ServedService> services_ ABSL_GUARDED_BY(mutex_);
  std::deque<ServedMethod> methods_ ABSL_GUARDED_BY(mutex_);
};

Registry& TheRegistry() {
  static auto* const registry = new Registry();
  return *registry;
}

const google::protobuf::MethodDescriptor* FindMethod(const google::protobuf::Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int s = 0; s < file.service_count(); ++s) {
    const google::protobuf::ServiceDescriptor& service = *file.service(s);
    for (int m = 0; m < service.method_count(); ++m) {
      if (service.method(m)->input_type() == &request) return service.method(m);
    }
  }
  return nullptr;
}

}  // namespace

ServedMethod& MethodTaking(const google::protobuf::Descriptor& request) {
  const google::protobuf::MethodDescriptor* method = FindMethod(request);
  ORDERFLOW_CHECK(method != nullptr);
  return TheRegistry().Method(*method);
}

ServedService& ServiceNamed(std::string_view full_name) { return TheRegistry().Service(full_name); }

}  // namespace orderflow::rpc
