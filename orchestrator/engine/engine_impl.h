#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/redrive.h"
#include "orchestrator/engine/shard.h"
#include "orchestrator/engine/shard_thread.h"

namespace orderflow::engine {

// The engine without its threads: Engine::Create starts one for each shard, a simulation runs the
// shards itself.
class EngineImpl final : public Engine, public ChildRunner {
 public:
  EngineImpl(Options options, store::ExecutionStore& store, tasks::TaskRunner& runner,
             const Clock& clock, MachineLoader load_machine);
  ~EngineImpl() override;

  void StartThreads();
  const std::vector<std::unique_ptr<Shard>>& shards() const { return shards_; }

  void Recover(StatusCallback done) override;
  void Start(StartRequest request, Callback<StartResult> started) override;
  void StartAndWait(StartRequest request, Callback<StartResult> ended) override;
  void Follow(const std::string& execution_arn, WaitTicket ticket,
              Callback<StartResult> ended) override;
  void GiveUp(const std::string& execution_arn, WaitTicket ticket) override;
  void Stop(std::string execution_arn, std::optional<std::string> error,
            std::optional<std::string> cause, Callback<absl::Time> done) override;
  void Redrive(const std::string& execution_arn, std::string token,
               Callback<absl::Time> done) override;
  void UpdateMapRun(std::string execution_arn, asl::MapRunUpdated update,
                    StatusCallback done) override;
  void Signal(const std::string& token, TaskSignal signal, StatusCallback done) override;
  void Observe(std::string execution_arn, std::shared_ptr<ExecutionObserver> observer,
               Callback<int64_t> done) override;
  void Unobserve(std::string execution_arn, const ExecutionObserver* observer) override;
  void After(absl::Duration pause, absl::AnyInvocable<void() &&> call) override;
  void Shutdown() override;
  Statistics statistics() const override;

 private:
  class Starting;

  std::unique_ptr<tasks::RunningTask> RunChild(ChildCall call, tasks::TaskDone done) override;

  Shard& ShardOf(std::string_view execution_arn);
  // Whose place is asked for: what running executions start is let in beyond the limit.
  enum class Work { kNew, kOfRunning };
  absl::StatusOr<RunningSlot> Admit(Work work);
  void Redrive(RedriveRequest request, Work work, Callback<absl::Time> done);
  void Launch(StartRequest request, Callback<StartResult> started, std::optional<Waiter> waiter);
  void OnJournaled(std::unique_ptr<Starting> starting, absl::StatusOr<store::StartOutcome> outcome);
  void Join(std::unique_ptr<Starting> starting, const store::ExecutionRecord& existing);
  void JoinEarlierTry(std::unique_ptr<Starting> starting, const store::ExecutionRecord& existing);
  void FollowExisting(const std::string& execution_arn, Waiter waiter);
  void AnswerFromRecord(Waiter waiter, absl::StatusOr<store::ExecutionRecord> record);
  void AnswerSignal(const std::string& execution_arn, StatusCallback done);
  void StartSettled();

  const Options options_;
  store::ExecutionStore& store_;
  const Clock& clock_;
  const MachineLoader load_machine_;
  const RunningSlot::Count running_ = RunningSlot::NewCount();
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<ShardThread>> threads_;

  std::atomic<bool> recovered_ = false;
  std::atomic<store::ExecutionKey> last_key_ = 0;

  mutable Mutex mutex_;
  CondVar no_starts_;
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t starts_under_way_ ABSL_GUARDED_BY(mutex_) =
      0;  // asked of the journal, or for the row of a known name
};

}  // namespace orderflow::engine
