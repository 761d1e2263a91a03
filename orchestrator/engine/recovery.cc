#include "orchestrator/engine/recovery.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "orchestrator/engine/child_machine.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/messages.h"

namespace orderflow::engine {
namespace {

using Unfinished = store::ExecutionStore::Unfinished;

// The steps: last key; then for each page: read, load the machines it needs, hand it to the shards,
// wait for them.
class Recovery : public std::enable_shared_from_this<Recovery> {
 public:
  Recovery(store::ExecutionStore& store, Engine::MachineLoader load_machine, int page_size,
           RunningSlot::Count running, std::vector<Shard*> shards,
           std::function<Shard&(std::string_view)> shard_of, Callback<store::ExecutionKey> done)
      : store_(store),
        load_machine_(std::move(load_machine)),
        page_size_(page_size),
        running_(std::move(running)),
        shards_(std::move(shards)),
        shard_of_(std::move(shard_of)),
        done_(std::move(done)) {}

  void Run() {
    store_.GetLastKey([self = shared_from_this()](absl::StatusOr<store::ExecutionKey> last) {
      if (!last.ok()) return self->Finish(last.status());
      self->last_key_ = *last;
      self->ReadPage();
    });
  }

 private:
  void ReadPage() {
    store_.ReadUnfinished(
        after_, page_size_,
        [self = shared_from_this()](absl::StatusOr<std::vector<Unfinished>> page) {
          if (!page.ok()) return self->Finish(page.status());
          self->page_ = *std::move(page);
          self->LoadMachines();
        });
  }

  // Loads the machines that the page needs, one after the other.
  void LoadMachines() {
    for (const Unfinished& unfinished : page_) {
      const int64_t revision = unfinished.execution.revision;
      if (machines_.contains(revision)) continue;
      return load_machine_(
          revision, [self = shared_from_this(), revision,
                     arn = unfinished.execution.arn](absl::StatusOr<MachinePtr> machine) {
            if (!machine.ok()) {
              // Kept as null, so that the other executions are taken up all the same.
              self->Note(absl::FailedPreconditionError(absl::StrCat(
                  "execution ", arn, " cannot be taken up, its state machine does not load: ",
                  std::string(machine.status().message()))));
            }
            self->machines_[revision] = machine.ok() ? *std::move(machine) : nullptr;
            self->LoadMachines();
          });
    }
    HandOver();
  }

  void HandOver() {
    if (page_.empty()) return FinishChildren();
    after_ = page_.back().execution.key;
    const bool last_page = page_.size() < static_cast<size_t>(page_size_);
    for (Unfinished& unfinished : std::exchange(page_, {})) Post(std::move(unfinished));
    WaitForShards(last_page);
  }

  void Post(Unfinished unfinished) {
    const MachinePtr& root = machines_[unfinished.execution.revision];
    if (root == nullptr) return;
    const store::ExecutionRecord& record = unfinished.execution;
    const MachinePtr machine = MachineOf(root, record);
    if (machine == nullptr) {
      return Note(absl::DataLossError(absl::StrCat("execution ", record.arn,
                                                   " cannot be taken up: there is no Map state ",
                                                   record.map_state)));
    }
    NoteChild(record);
    Accepted accepted{record.key, machine, MakeContext(record, *machine), TraceparentOf(record),
                      RunningSlot(running_)};
    Shard& shard = shard_of_(record.arn);
    shard.Post(std::make_unique<Resume>(Resume{
        std::move(accepted), std::move(unfinished),
        [self = shared_from_this()](absl::Status status) { self->Note(std::move(status)); }}));
  }

  void WaitForShards(bool last_page) {
    auto waiting = std::make_shared<std::atomic<size_t>>(shards_.size());
    for (Shard* shard : shards_) {
      shard->Post(Barrier{[self = shared_from_this(), waiting, last_page] {
        if (--*waiting > 0) return;
        last_page ? self->FinishChildren() : self->ReadPage();
      }});
    }
  }

  // An execution that another one waits for.
  void NoteChild(const store::ExecutionRecord& record) {
    const std::optional<std::string> parent = WaitingParentOf(record);
    if (parent) children_[*parent].push_back({record.origin, record.arn});
  }

  // All are there: the parents' shards know which children are still wanted.
  void FinishChildren() {
    for (auto& [parent, children] : std::exchange(children_, {})) {
      shard_of_(parent).Post(ChildrenTakenUp{
          parent, std::move(children), [shard_of = shard_of_](const std::string& arn) {
            shard_of(arn).Post(StopAsked{arn, asl::Stop{}, [](absl::StatusOr<absl::Time>) {}});
          }});
    }
    Finish(absl::OkStatus());
  }

  // Keeps the first thing that went wrong.
  void Note(absl::Status status) {
    MutexLock lock(mutex_);
    first_error_.Update(status);
  }

  void Finish(absl::Status status) {
    Note(std::move(status));
    absl::Status result;
    {
      MutexLock lock(mutex_);
      result = first_error_;
    }
    if (!result.ok()) return std::move(done_)(std::move(result));
    std::move(done_)(last_key_);
  }

  store::ExecutionStore& store_;
  const Engine::MachineLoader load_machine_;
  const int page_size_;
  const RunningSlot::Count running_;
  const std::vector<Shard*> shards_;
  const std::function<Shard&(std::string_view)> shard_of_;
  Callback<store::ExecutionKey> done_;

  // Used by one step at a time; a step hands over to the next through a queue.
  store::ExecutionKey last_key_ = 0;
  store::ExecutionKey after_ = 0;
  std::vector<Unfinished> page_;
  absl::flat_hash_map<int64_t, MachinePtr> machines_;
  std::map<std::string, std::vector<ChildrenTakenUp::Child>> children_;  // by parent

  Mutex mutex_;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void RunRecovery(store::ExecutionStore& store, Engine::MachineLoader load_machine, int page_size,
                 RunningSlot::Count running, std::vector<Shard*> shards,
                 std::function<Shard&(std::string_view execution_arn)> shard_of,
                 Callback<store::ExecutionKey> done) {
  std::make_shared<Recovery>(store, std::move(load_machine), page_size, std::move(running),
                             std::move(shards), std::move(shard_of), std::move(done))
      ->Run();
}

}  // namespace orderflow::engine
