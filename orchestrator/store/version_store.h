#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::store {

// A number that always names one revision of a state machine.
struct VersionRecord {
  std::string machine_arn;
  int64_t number = 0;  // from 1, never given twice
  int64_t revision = 0;
  std::string description;
  absl::Time create_time;
};

struct AliasRoute {
  int64_t version = 0;
  int weight = 0;  // of a hundred

  bool operator==(const AliasRoute&) const = default;
};

// A name that leads to versions.
struct AliasRecord {
  std::string machine_arn;
  std::string name;
  std::string description;
  std::vector<AliasRoute> routes;  // one or two
  absl::Time create_time;
  absl::Time update_time;
};

// Tags of state machines, their versions and aliases. The deletion of a state machine deletes them.
// NOT_FOUND from every call: there is no such state machine. Thread-safe. `done` runs on the
// store's thread and must not block.
class VersionStore {
 public:
  virtual ~VersionStore() = default;

  // Makes new tags of those that are there (JSON text, empty if none), with nobody between the two.
  // May be called more than once.
  using TagChange = std::function<absl::StatusOr<std::string>(const std::string& tags)>;
  virtual void ChangeTags(std::string machine_arn, TagChange change, StatusCallback done) = 0;

  // Publishes the newest revision, or answers the newest version that names it already.
  // FAILED_PRECONDITION: `revision_id` is not empty and not that of the newest revision, which is
  // the message.
  virtual void PublishVersion(std::string machine_arn, std::string revision_id,
                              std::string description, absl::Time now,
                              Callback<VersionRecord> done) = 0;
  virtual void GetVersion(std::string machine_arn, int64_t number,
                          Callback<VersionRecord> done) = 0;  // NOT_FOUND, too: the version
  // Newest first. INVALID_ARGUMENT: the token.
  virtual void ListVersions(std::string machine_arn, int page_size, std::string page_token,
                            Callback<Page<VersionRecord>> done) = 0;
  // OK if it is not there. FAILED_PRECONDITION: aliases lead to it; the message is their names.
  virtual void DeleteVersion(std::string machine_arn, int64_t number, StatusCallback done) = 0;

  // Answers the one that exists where its description and routes are the same. ALREADY_EXISTS: they
  // are not. NOT_FOUND, too: a version.
  virtual void CreateAlias(AliasRecord alias, Callback<AliasRecord> done) = 0;
  // What is not set stays. NOT_FOUND, too: the alias, or a version.
  struct AliasChange {
    std::optional<std::string> description;
    std::optional<std::vector<AliasRoute>> routes;
    absl::Time now;
  };
  virtual void UpdateAlias(std::string machine_arn, std::string name, AliasChange change,
                           Callback<AliasRecord> done) = 0;
  virtual void GetAlias(std::string machine_arn, std::string name,
                        Callback<AliasRecord> done) = 0;  // NOT_FOUND, too: the alias
  virtual void DeleteAlias(std::string machine_arn, std::string name,
                           StatusCallback done) = 0;  // OK if it is not there
  // In the order of their creation; `version`: only those that lead to it, 0 for all.
  // INVALID_ARGUMENT: the token.
  virtual void ListAliases(std::string machine_arn, int64_t version, int page_size,
                           std::string page_token, Callback<Page<AliasRecord>> done) = 0;
};

}  // namespace orderflow::store
