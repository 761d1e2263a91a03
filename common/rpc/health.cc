#include "common/rpc/health.h"

#include <set>

#include "common/base/mutex.h"
#include "common/base/quote.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace orderflow::rpc {
namespace {

namespace v1 = ::grpc::health::v1;
using Status = v1::HealthCheckResponse::ServingStatus;

class HealthServiceImpl;

// One Watch stream. At most one write is outstanding: `writing_` says so and is set before
// StartWrite, so that whoever finds it set leaves what is to be done to OnWriteDone. gRPC is never
// called under the lock.
//
// Lives until OnDone; the service's list and whoever is telling it share it.
class Watcher final : public grpc::ServerWriteReactor<v1::HealthCheckResponse>,
                      public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthServiceImpl& service, std::string name)
      : service_(service), name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  // Sends the status as it is now, unless it was the last one sent. Asked for under the lock: of
  // two who tell at the same time, the later one must not tell what was true before.
  void Tell() {
    {
      MutexLock lock(mutex_);
      wanted_ = StatusNow();
      if (writing_ || finished_ || sent_ == wanted_) return;
      BeginWrite();
    }
    StartWrite(&response_);
  }

  // Finishes the stream, now or after the write under way.
  void End(grpc::Status why) {
    {
      MutexLock lock(mutex_);
      if (finished_) return;
      ending_ = true;
      why_ = std::move(why);
      if (writing_) return;
      finished_ = true;
    }
    Finish(why_);
  }

  void OnWriteDone(bool ok) override {
    bool finish = false;
    {
      MutexLock lock(mutex_);
      writing_ = false;
      finish = !ok || ending_;
      if (finish) finished_ = true;
      if (!finish && sent_ == wanted_) return;
      if (!finish) BeginWrite();
    }
    if (finish) {
      Finish(why_);
    } else {
      StartWrite(&response_);
    }
  }

  void OnCancel() override { End(grpc::Status(grpc::StatusCode::CANCELLED, "cancelled")); }
  void OnDone() override;

 private:
  Status StatusNow() const;
  void BeginWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    sent_ = wanted_;
    response_.set_status(sent_);
  }

  HealthServiceImpl& service_;
  const std::string name_;
  v1::HealthCheckResponse response_;  // changed under mutex_, read by gRPC while writing_
  Mutex mutex_;
  Status wanted_ ABSL_GUARDED_BY(mutex_) = v1::HealthCheckResponse::UNKNOWN;
  Status sent_ ABSL_GUARDED_BY(mutex_) =
      v1::HealthCheckResponse::UNKNOWN;  // never a real state, so the first is sent
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status why_;  // set before finished_, read after
};

grpc::Status DrainingStatus() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is shutting down");
}

class HealthServiceImpl final : public HealthService, public v1::Health::CallbackService {
 public:
  grpc::Service& service() override { return *this; }

  void SetServices(const std::vector<std::string>& full_names) override {
    MutexLock lock(mutex_);
    names_.insert(full_names.begin(), full_names.end());
  }

  void SetServing(bool serving) override {
    {
      MutexLock lock(mutex_);
      serving_ = serving;
    }
    for (const auto& watcher : Watchers()) watcher->Tell();
  }

  void Drain() override {
    {
      MutexLock lock(mutex_);
      draining_ = true;
    }
    for (const auto& watcher : Watchers()) watcher->End(DrainingStatus());
  }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::HealthCheckRequest* request,
                                  v1::HealthCheckResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    response->set_status(StatusFor(request->service()));
    if (response->status() == v1::HealthCheckResponse::SERVICE_UNKNOWN) {
      reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND,
                                   "no service " + Quote(request->service()) + " here"));
    } else {
      reactor->Finish(grpc::Status::OK);
    }
    return reactor;
  }

  grpc::ServerWriteReactor<v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext*, const v1::HealthCheckRequest* request) override {
    auto watcher = std::make_shared<Watcher>(*this, request->service());
    bool draining = false;
    {
      MutexLock lock(mutex_);
      watchers_.insert(watcher);
      draining = draining_;
    }
    if (draining) {
      watcher->End(DrainingStatus());
    } else {
      watcher->Tell();
    }
    return watcher.get();
  }

  void Forget(const std::shared_ptr<Watcher>& watcher) {
    MutexLock lock(mutex_);
    watchers_.erase(watcher);
  }

  Status StatusFor(const std::string& name) {
    MutexLock lock(mutex_);
    if (!name.empty() && names_.count(name) == 0) return v1::HealthCheckResponse::SERVICE_UNKNOWN;
    return serving_ ? v1::HealthCheckResponse::SERVING : v1::HealthCheckResponse::NOT_SERVING;
  }

 private:
  std::vector<std::shared_ptr<Watcher>> Watchers() {
    MutexLock lock(mutex_);
    return {watchers_.begin(), watchers_.end()};
  }

  Mutex mutex_;
  std::set<std::string> names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

Status Watcher::StatusNow() const { return service_.StatusFor(name_); }

void Watcher::OnDone() { service_.Forget(shared_from_this()); }

}  // namespace

std::unique_ptr<HealthService> HealthService::Create() {
  return std::make_unique<HealthServiceImpl>();
}

}  // namespace orderflow::rpc
