#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "common/base/mutex.h"
#include "orchestrator/store/activity_store.h"

namespace orderflow::store {

// The activities that exist, told at once and from memory: for those who must not wait for a
// database. All changes go through it, and it knows of each before its caller is answered; changes
// of one activity happen one after the other, in the order in which they are asked for. Where the
// store cannot tell what has become of a creation, the activity counts as existing.
//
// Thread-safe. Borrows the store, which may answer until the store's own end: the directory must
// outlive the store's answers.
class ActivityDirectory final : public ActivityStore {
 public:
  explicit ActivityDirectory(ActivityStore& store) : store_(store) {}

  // Reads which activities there are. To be called once, before anything else.
  void Load(StatusCallback done);

  // Those of these activities that do not exist.
  std::vector<std::string> Missing(const std::vector<std::string>& arns) const;

  void CreateActivity(ActivityRecord record, Callback<ActivityRecord> done) override;
  void DeleteActivity(std::string arn, StatusCallback done) override;
  void ChangeActivityTags(std::string arn, ActivityTagChange change, StatusCallback done) override {
    store_.ChangeActivityTags(std::move(arn), std::move(change), std::move(done));
  }
  void GetActivity(std::string arn, Callback<ActivityRecord> done) override {
    store_.GetActivity(std::move(arn), std::move(done));
  }
  void ListActivities(int page_size, std::string page_token,
                      Callback<Page<ActivityRecord>> done) override {
    store_.ListActivities(page_size, std::move(page_token), std::move(done));
  }

 private:
  using Change = absl::AnyInvocable<void() &&>;

  void LoadPage(std::string page_token, StatusCallback done);
  // Makes the change when those of the same activity before it have been made.
  void Enqueue(const std::string& arn, Change change);
  // The first change of the activity has been made, with this outcome.
  void Settle(const std::string& arn, bool exists);

  ActivityStore& store_;
  mutable Mutex mutex_;
  absl::flat_hash_set<std::string> existing_ ABSL_GUARDED_BY(mutex_);
  // Changes that wait for the one under way, by activity; no entry: none is.
  absl::flat_hash_map<std::string, std::deque<Change>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::store
