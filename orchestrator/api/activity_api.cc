#include "orchestrator/api/activity_api.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/tags.h"
#include "orchestrator/engine/arn.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::api {
namespace {

using engine::Arn;
using store::ActivityRecord;
using tasks::ActivityOffer;
using tasks::ActivityTasks;

absl::Status CheckActivityArn(const std::string& arn) {
  return CheckArn("activityArn", arn, Arn::Kind::kActivity).status();
}

absl::Status ActivityDoesNotExist(const std::string& arn) {
  return StatesError("ActivityDoesNotExist", absl::StrCat("Activity Does Not Exist: '", arn, "'"));
}

absl::Status ToActivityError(const absl::Status& status, const std::string& arn) {
  if (absl::IsNotFound(status)) return ActivityDoesNotExist(arn);
  if (absl::IsResourceExhausted(status))
    return StatesError("ActivityWorkerLimitExceeded", std::string(status.message()));
  return ToStatesError(status);
}

}  // namespace

void ActivityApi::Create(const workflow::v1::CreateActivityRequest& request,
                         Callback<workflow::v1::CreateActivityResponse> done) {
  if (absl::Status checked = CheckName(request.name()); !checked.ok())
    return std::move(done)(checked);
  if (absl::Status checked = CheckEncryption(request.encryption_configuration()); !checked.ok())
    return std::move(done)(checked);
  absl::StatusOr<std::string> tags = EncodeTags(request.tags());
  if (!tags.ok()) return std::move(done)(tags.status());
  ActivityRecord record{
      .arn = engine::ActivityArn(options_.region, options_.account, request.name()),
      .name = request.name(),
      .tags = *std::move(tags),
      .create_time = engine::ToWholeMicroseconds(clock_.Now())};
  store_.CreateActivity(std::move(record),
                        [done = std::move(done)](absl::StatusOr<ActivityRecord> created) mutable {
                          if (!created.ok())
                            return std::move(done)(ToStatesError(created.status()));
                          workflow::v1::CreateActivityResponse response;
                          response.set_activity_arn(std::move(created->arn));
                          SetTimestamp(created->create_time, *response.mutable_creation_date());
                          std::move(done)(std::move(response));
                        });
}

void ActivityApi::Delete(const workflow::v1::DeleteActivityRequest& request,
                         Callback<workflow::v1::DeleteActivityResponse> done) {
  if (absl::Status checked = CheckActivityArn(request.activity_arn()); !checked.ok())
    return std::move(done)(checked);
  store_.DeleteActivity(request.activity_arn(),
                        [done = std::move(done)](absl::Status status) mutable {
                          if (!status.ok()) return std::move(done)(ToStatesError(status));
                          std::move(done)(workflow::v1::DeleteActivityResponse());
                        });
}

void ActivityApi::Describe(const workflow::v1::DescribeActivityRequest& request,
                           Callback<workflow::v1::DescribeActivityResponse> done) {
  const std::string& arn = request.activity_arn();
  if (absl::Status checked = CheckActivityArn(arn); !checked.ok()) return std::move(done)(checked);
  store_.GetActivity(arn,
                     [arn, done = std::move(done)](absl::StatusOr<ActivityRecord> record) mutable {
                       if (!record.ok())
                         return std::move(done)(ToActivityError(record.status(), arn));
                       workflow::v1::DescribeActivityResponse response;
                       response.set_activity_arn(std::move(record->arn));
                       response.set_name(std::move(record->name));
                       SetTimestamp(record->create_time, *response.mutable_creation_date());
                       response.mutable_encryption_configuration()->set_type(
                           workflow::v1::ENCRYPTION_TYPE_AWS_OWNED_KEY);
                       std::move(done)(std::move(response));
                     });
}

void ActivityApi::List(const workflow::v1::ListActivitiesRequest& request,
                       Callback<workflow::v1::ListActivitiesResponse> done) {
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, 1024);
  if (!token.ok()) return std::move(done)(token.status());
  store_.ListActivities(
      *size, *std::move(token),
      [done = std::move(done)](absl::StatusOr<store::Page<ActivityRecord>> page) mutable {
        if (absl::IsInvalidArgument(page.status())) return std::move(done)(InvalidToken());
        if (!page.ok()) return std::move(done)(ToStatesError(page.status()));
        workflow::v1::ListActivitiesResponse response;
        for (ActivityRecord& record : page->items) {
          workflow::v1::ActivityListItem& item = *response.add_activities();
          item.set_activity_arn(std::move(record.arn));
          item.set_name(std::move(record.name));
          SetTimestamp(record.create_time, *item.mutable_creation_date());
        }
        if (page->next) response.set_next_token(*std::move(page->next));
        std::move(done)(std::move(response));
      });
}

void ActivityApi::GetTask(const workflow::v1::GetActivityTaskRequest& request,
                          std::shared_ptr<ActivityTasks::Poll> poll,
                          Callback<workflow::v1::GetActivityTaskResponse> done) {
  const std::string& arn = request.activity_arn();
  absl::Status checked = CheckActivityArn(arn);
  std::optional<std::string> worker;
  if (request.has_worker_name()) worker = request.worker_name();
  if (checked.ok() && worker) checked = CheckLength("workerName", *worker, 1, kMaxNameLength);
  if (!checked.ok()) return std::move(done)(checked);

  auto on_offer =
      [arn, done = std::move(done)](absl::StatusOr<std::optional<ActivityOffer>> offer) mutable {
        if (!offer.ok()) return std::move(done)(ToActivityError(offer.status(), arn));
        workflow::v1::GetActivityTaskResponse response;
        if (offer->has_value()) {
          response.set_task_token(std::move((*offer)->task_token));
          response.set_input(std::move((*offer)->input));
        }
        std::move(done)(std::move(response));
      };
  auto on_record = [this, arn, poll, worker = std::move(worker),
                    on_offer = std::move(on_offer)](absl::StatusOr<ActivityRecord> record) mutable {
    if (!record.ok()) return on_offer(record.status());
    engine_.After(options_.poll_wait, [this, poll] { tasks_.End(poll); });
    tasks_.Ask(poll, arn, std::move(worker), std::move(on_offer));
  };
  store_.GetActivity(arn, std::move(on_record));
}

}  // namespace orderflow::api
