#include "orchestrator/store/activity_directory.h"

namespace orderflow::store {
namespace {

constexpr int kLoadedAtOnce = 1000;

}  // namespace

void ActivityDirectory::Load(StatusCallback done) { LoadPage("", std::move(done)); }

void ActivityDirectory::LoadPage(std::string page_token, StatusCallback done) {
  store_.ListActivities(
      kLoadedAtOnce, std::move(page_token),
      [this, done = std::move(done)](absl::StatusOr<Page<ActivityRecord>> page) mutable {
        if (!page.ok()) return std::move(done)(page.status());
        {
          MutexLock lock(mutex_);
          for (ActivityRecord& record : page->items) existing_.insert(std::move(record.arn));
        }
        if (!page->next) return std::move(done)(absl::OkStatus());
        LoadPage(*std::move(page->next), std::move(done));
      });
}

std::vector<std::string> ActivityDirectory::Missing(const std::vector<std::string>& arns) const {
  std::vector<std::string> missing;
  MutexLock lock(mutex_);
  for (const std::string& arn : arns) {
    if (!existing_.contains(arn)) missing.push_back(arn);
  }
  return missing;
}

void ActivityDirectory::CreateActivity(ActivityRecord record, Callback<ActivityRecord> done) {
  const std::string arn = record.arn;
  Enqueue(arn, [this, arn, record = std::move(record), done = std::move(done)]() mutable {
    store_.CreateActivity(std::move(record), [this, arn, done = std::move(done)](
                                                 absl::StatusOr<ActivityRecord> created) mutable {
      // Where it failed it may be there all the same.
      Settle(arn, /*exists=*/true);
      std::move(done)(std::move(created));
    });
  });
}

void ActivityDirectory::DeleteActivity(std::string arn, StatusCallback done) {
  Enqueue(arn, [this, arn, done = std::move(done)]() mutable {
    store_.DeleteActivity(arn, [this, arn, done = std::move(done)](absl::Status status) mutable {
      Settle(arn, /*exists=*/!status.ok());
      std::move(done)(std::move(status));
    });
  });
}

void ActivityDirectory::Enqueue(const std::string& arn, Change change) {
  {
    MutexLock lock(mutex_);
    const auto [waiting, none_under_way] = waiting_.try_emplace(arn);
    if (!none_under_way) return waiting->second.push_back(std::move(change));
  }
  std::move(change)();
}

void ActivityDirectory::Settle(const std::string& arn, bool exists) {
  Change next;
  {
    MutexLock lock(mutex_);
    exists ? void(existing_.insert(arn)) : void(existing_.erase(arn));
    const auto waiting = waiting_.find(arn);
    if (waiting->second.empty()) {
      waiting_.erase(waiting);
    } else {
      next = std::move(waiting->second.front());
      waiting->second.pop_front();
    }
  }
  if (next) std::move(next)();
}

}  // namespace orderflow::store
