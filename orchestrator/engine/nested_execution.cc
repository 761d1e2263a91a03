#include "orchestrator/engine/nested_execution.h"

#include <string>
#include <utility>

#include "common/base/mutex.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::engine {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(100);

// The steps: prepare, start, wait. Kept alive by the step under way.
class Nested : public std::enable_shared_from_this<Nested> {
 public:
  Nested(Engine& engine, NestedExecution nested)
      : engine_(engine), nested_(std::move(nested)), ticket_(NewWaitTicket()) {}

  void Prepare() {
    nested_.prepare([self = shared_from_this()](absl::StatusOr<StartRequest> request) {
      if (!request.ok()) return self->Fail(request.status(), &Nested::Prepare);
      self->Start(*std::move(request));
    });
  }

  // The workflow does not want it any more.
  void Cancel() {
    std::string arn;
    {
      MutexLock lock(mutex_);
      if (std::exchange(over_, true)) return;
      cancelled_ = true;
      arn = arn_;
    }
    if (!arn.empty()) Stop(arn);
  }

  // Nobody here waits.
  void Drop() {
    std::string arn;
    {
      MutexLock lock(mutex_);
      if (std::exchange(over_, true)) return;
      arn = arn_;
    }
    if (!arn.empty()) engine_.GiveUp(arn, ticket_);
  }

 private:
  void Start(StartRequest request) {
    {
      // Before it exists there is nothing to stop.
      MutexLock lock(mutex_);
      if (over_) return;
    }
    if (nested_.waits && request.machine->record.type == store::MachineType::kExpress)
      return StartExpress(std::move(request));
    engine_.Start(std::move(request),
                  [self = shared_from_this()](absl::StatusOr<StartResult> started) {
                    if (!started.ok()) return self->Fail(started.status(), &Nested::Prepare);
                    self->OnStarted(*std::move(started));
                  });
  }

  // It leaves no record: who asks for its end later may come too late.
  void StartExpress(StartRequest request) {
    {
      MutexLock lock(mutex_);
      arn_ = ExpressExecutionArn(request.machine->record.arn, request.name, request.express_id);
    }
    request.ticket = ticket_;
    engine_.StartAndWait(std::move(request),
                         [self = shared_from_this()](absl::StatusOr<StartResult> ended) {
                           if (!ended.ok()) return self->Fail(ended.status(), &Nested::Prepare);
                           self->Tell(*std::move(ended));
                         });
  }

  void OnStarted(StartResult started) {
    bool cancelled = false;
    bool over = false;
    {
      MutexLock lock(mutex_);
      arn_ = started.execution_arn;
      cancelled = cancelled_;
      over = over_;
    }
    if (cancelled) return Stop(started.execution_arn);
    if (over) return;
    if (nested_.started) nested_.started(started);
    if (!nested_.waits || started.result) return Tell(std::move(started));
    Wait();
  }

  void Wait() {
    std::string arn;
    {
      MutexLock lock(mutex_);
      if (over_) return;
      arn = arn_;
    }
    engine_.Follow(arn, ticket_, [self = shared_from_this()](absl::StatusOr<StartResult> ended) {
      if (!ended.ok()) return self->Fail(ended.status(), &Nested::Wait);
      self->Tell(*std::move(ended));
    });
  }

  void Fail(const absl::Status& status, void (Nested::*again)()) {
    if (!absl::IsUnavailable(status) && !absl::IsResourceExhausted(status)) return Tell(status);
    {
      MutexLock lock(mutex_);
      if (over_) return;
    }
    engine_.After(kPause, [self = shared_from_this(), again] { ((*self).*again)(); });
  }

  void Tell(absl::StatusOr<StartResult> result) {
    {
      MutexLock lock(mutex_);
      if (std::exchange(over_, true)) return;
    }
    std::move(nested_.done)(std::move(result));
  }

  void Stop(const std::string& arn) {
    if (!nested_.waits) return;
    // As good as can be: where it has ended there is nothing to stop.
    engine_.Stop(arn, std::nullopt, std::nullopt, [](absl::StatusOr<absl::Time>) {});
  }

  Engine& engine_;
  NestedExecution nested_;
  const WaitTicket ticket_;
  Mutex mutex_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;  // told, cancelled or dropped
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::string arn_ ABSL_GUARDED_BY(mutex_);
};

class Handle final : public tasks::RunningTask {
 public:
  explicit Handle(std::shared_ptr<Nested> nested) : nested_(std::move(nested)) {}
  ~Handle() override { nested_->Drop(); }
  void Cancel() override { nested_->Cancel(); }

 private:
  const std::shared_ptr<Nested> nested_;
};

}  // namespace

std::unique_ptr<tasks::RunningTask> RunNested(Engine& engine, NestedExecution nested) {
  auto running = std::make_shared<Nested>(engine, std::move(nested));
  auto handle = std::make_unique<Handle>(running);
  running->Prepare();
  return handle;
}

}  // namespace orderflow::engine
