#include "common/base/periodic_task.h"

#include <chrono>
#include <utility>

namespace orderflow {

PeriodicTask::PeriodicTask(absl::Duration pause, absl::AnyInvocable<void(Done)> work)
    : pause_(pause), thread_([this, work = std::move(work)]() mutable { Loop(std::move(work)); }) {}

PeriodicTask::~PeriodicTask() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void PeriodicTask::Loop(absl::AnyInvocable<void(Done)> work) {
  while (WaitForNext()) RunOnce(work);
}

bool PeriodicTask::WaitForNext() {
  const auto next = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(pause_);
  MutexLock lock(mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, next)) {
  }
  return !stopping_;
}

void PeriodicTask::RunOnce(absl::AnyInvocable<void(Done)>& work) {
  {
    MutexLock lock(mutex_);
    running_ = true;
  }
  work([this] {
    MutexLock lock(mutex_);
    running_ = false;
    changed_.NotifyAll();
  });
  MutexLock lock(mutex_);
  while (running_) changed_.Wait(mutex_);
}

}  // namespace orderflow
