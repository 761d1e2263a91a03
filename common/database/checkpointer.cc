#include "common/database/checkpointer.h"

#include <utility>

namespace orderflow::database {
namespace {

// Pages (of 4 KiB) in the log from which on copying pays: pages that were written several times are
// copied once.
constexpr int kPagesWorthCopying = 1000;

}  // namespace

Checkpointer::Checkpointer(std::unique_ptr<SqliteConnection> connection)
    : connection_(std::move(connection)), thread_([this] { Serve(); }) {}

Checkpointer::~Checkpointer() {
  {
    MutexLock lock(mutex_);
    state_ = State::kStopping;
    changed_.NotifyOne();
  }
  thread_.join();
}

void Checkpointer::AfterCommit(SqliteConnection& writer) {
  if (writer.log_pages() < kPagesWorthCopying) return;
  {
    MutexLock lock(mutex_);
    if (state_ == State::kIdle) {
      state_ = State::kWanted;
      changed_.NotifyOne();
    }
    if (state_ != State::kCopied) return;
    state_ = State::kIdle;
  }
  // A failure is not the writer's: the log keeps everything, and the next round tries again.
  writer.Checkpoint().IgnoreError();
}

void Checkpointer::Serve() {
  MutexLock lock(mutex_);
  while (true) {
    while (state_ == State::kIdle || state_ == State::kCopied) changed_.Wait(mutex_);
    if (state_ == State::kStopping) return;
    mutex_.Unlock();
    connection_->Checkpoint().IgnoreError();
    mutex_.Lock();
    if (state_ == State::kWanted) state_ = State::kCopied;
  }
}

}  // namespace orderflow::database
