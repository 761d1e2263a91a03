#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/status.h"

namespace orderflow::bench {

// Stubs of one service over several connections of their own, handed out in turn. Thread-safe.
template <typename Service>
class StubPool {
 public:
  StubPool(const std::string& address, int channels) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
                     1);  // equal channels would share one connection
    for (int i = 0; i < channels; ++i) {
      stubs_.push_back(Service::NewStub(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
    }
  }

  auto* Next() {
    return stubs_[next_.fetch_add(1, std::memory_order_relaxed) % stubs_.size()]->async();
  }

 private:
  std::vector<std::unique_ptr<typename Service::Stub>> stubs_;
  std::atomic<size_t> next_ = 0;
};

// The status with the name of the call that met it.
inline absl::Status CallError(const char* call, const grpc::Status& status) {
  const absl::Status error = rpc::FromGrpcStatus(status);
  return absl::Status(error.code(), absl::StrCat(call, ": ", error.message()));
}

}  // namespace orderflow::bench
