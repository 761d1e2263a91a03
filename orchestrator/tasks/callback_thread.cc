#include "orchestrator/tasks/callback_thread.h"

#include <utility>

namespace orderflow::tasks {

CallbackThread::CallbackThread() : thread_([this] { Loop(); }) {}

CallbackThread::~CallbackThread() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void CallbackThread::Post(Callback callback) {
  MutexLock lock(mutex_);
  queue_.push_back(std::move(callback));
  changed_.NotifyOne();
}

void CallbackThread::Loop() {
  while (true) {
    std::vector<Callback> batch;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      batch.swap(queue_);
    }
    for (Callback& callback : batch) std::move(callback)();
  }
}

}  // namespace orderflow::tasks
