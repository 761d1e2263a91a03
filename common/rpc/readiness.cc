#include "common/rpc/readiness.h"

#include <chrono>

#include "common/logging/logging.h"

namespace orderflow::rpc {

// What the probe and the module's callback share; whoever comes last frees it.
struct ReadinessProbe::Answer {
  Mutex mutex;
  CondVar given;
  std::optional<absl::Status> status ABSL_GUARDED_BY(mutex);
};

ReadinessProbe::ReadinessProbe(Module& module, absl::Duration interval, absl::Duration timeout,
                               std::function<void(bool)> report)
    : module_(module), interval_(interval), timeout_(timeout), report_(std::move(report)) {
  thread_ = std::thread([this] { Run(); });
  MutexLock lock(mutex_);
  while (!first_done_) changed_.Wait(mutex_);
}

ReadinessProbe::~ReadinessProbe() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void ReadinessProbe::Run() {
  while (true) {
    Report(Ask());
    MutexLock lock(mutex_);
    first_done_ = true;
    changed_.NotifyAll();
    const auto next = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(interval_);
    while (!stop_ && changed_.WaitUntil(mutex_, next)) {
    }
    if (stop_) return;
  }
}

absl::Status ReadinessProbe::Ask() {
  auto answer = std::make_shared<Answer>();
  module_.CheckReady(StatusCallback([answer](absl::Status status) {
    MutexLock lock(answer->mutex);
    answer->status = std::move(status);
    answer->given.NotifyOne();
  }));
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout_);
  MutexLock lock(answer->mutex);
  while (!answer->status.has_value()) {
    if (!answer->given.WaitUntil(answer->mutex, deadline) && !answer->status.has_value()) {
      return absl::DeadlineExceededError("no answer within " + absl::FormatDuration(timeout_));
    }
  }
  return *std::move(answer->status);
}

void ReadinessProbe::Report(const absl::Status& status) {
  if (ready_ == status.ok()) return;
  ready_ = status.ok();
  if (status.ok()) {
    logging::Info("ready", {{"module", module_.name()}});
  } else {
    logging::Warning("not ready", {{"module", module_.name()}, {"error", status.ToString()}});
  }
  report_(status.ok());
}

}  // namespace orderflow::rpc
