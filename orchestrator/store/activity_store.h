#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::store {

// A queue that workers take tasks from. The tasks themselves are on nobody's record: the journals
// of the executions that they belong to say which are open.
struct ActivityRecord {
  std::string arn;
  std::string name;
  std::string tags;  // JSON text, empty if none
  absl::Time create_time;
};

// The activities that exist. Thread-safe. `done` runs on the store's thread and must not block.
class ActivityStore {
 public:
  virtual ~ActivityStore() = default;
  // Answers the one that exists where the arn is known, as it is.
  virtual void CreateActivity(ActivityRecord record, Callback<ActivityRecord> done) = 0;
  // OK if it is not there.
  virtual void DeleteActivity(std::string arn, StatusCallback done) = 0;
  virtual void GetActivity(std::string arn, Callback<ActivityRecord> done) = 0;  // NOT_FOUND
  // Makes new tags of those that are there, as VersionStore::ChangeTags does for state machines.
  // NOT_FOUND.
  using ActivityTagChange = std::function<absl::StatusOr<std::string>(const std::string& tags)>;
  virtual void ChangeActivityTags(std::string arn, ActivityTagChange change,
                                  StatusCallback done) = 0;
  // In the order of their creation. INVALID_ARGUMENT for a token that this list did not give.
  virtual void ListActivities(int page_size, std::string page_token,
                              Callback<Page<ActivityRecord>> done) = 0;
};

}  // namespace orderflow::store
