#include "services/payment/delay_line.h"

#include <utility>

namespace orderflow::payment {

DelayLine::~DelayLine() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

void DelayLine::RunAfter(absl::Duration delay, Task task) {
  const Time when = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay);
  MutexLock lock(mutex_);
  tasks_.emplace(when, std::move(task));
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  changed_.NotifyAll();
}

void DelayLine::Loop() {
  mutex_.Lock();
  while (true) {
    if (tasks_.empty()) {
      if (stopping_) break;
      changed_.Wait(mutex_);
    } else if (const Time next = tasks_.begin()->first;
               !stopping_ && next > std::chrono::steady_clock::now()) {
      changed_.WaitUntil(mutex_, next);
    } else {
      Task task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      mutex_.Unlock();
      std::move(task)();
      mutex_.Lock();
    }
  }
  mutex_.Unlock();
}

}  // namespace orderflow::payment
