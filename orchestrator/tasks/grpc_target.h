#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"
#include "orchestrator/tasks/service_types.h"

namespace orderflow::tasks {

// One host and port: its connections, kept open, and what is known of its services.
// Thread-safe.
class GrpcTarget {
 public:
  explicit GrpcTarget(std::vector<std::shared_ptr<grpc::Channel>> channels)
      : channels_(std::move(channels)) {}

  // The connections in turn.
  const std::shared_ptr<grpc::Channel>& NextChannel() {
    return channels_[next_.fetch_add(1, std::memory_order_relaxed) % channels_.size()];
  }
  // For all but the calls themselves.
  const std::shared_ptr<grpc::Channel>& first_channel() const { return channels_.front(); }

  // The service's types; `make` builds them where they are new.
  template <typename Make>
  ServiceTypes& Service(const std::string& name, Make make) {
    MutexLock lock(mutex_);
    std::unique_ptr<ServiceTypes>& service = services_[name];
    if (service == nullptr) service = make();
    return *service;
  }

  void Close() {
    MutexLock lock(mutex_);
    for (auto& [name, service] : services_) service->Close();
  }

 private:
  const std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::atomic<size_t> next_{0};
  Mutex mutex_;
  // Never removed: calls keep pointers to them.
  absl::flat_hash_map<std::string, std::unique_ptr<ServiceTypes>> services_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::tasks
