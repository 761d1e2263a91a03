#include "orchestrator/api/tag_api.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/tags.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::api {
namespace {

constexpr size_t kMaxKeyLength = 128;

bool IsActivity(const std::string& arn) {
  const std::optional<engine::Arn> parsed = engine::ParseArn(arn);
  return parsed && parsed->kind == engine::Arn::Kind::kActivity;
}

absl::Status CheckResource(const std::string& arn) {
  const auto kind =
      IsActivity(arn) ? engine::Arn::Kind::kActivity : engine::Arn::Kind::kStateMachine;
  return CheckArn("resourceArn", arn, kind).status();
}

absl::Status ToError(const absl::Status& status, const std::string& arn) {
  if (!absl::IsNotFound(status)) return ToStatesError(status);
  return StatesError("ResourceNotFound", absl::StrCat("Resource not found: '", arn, "'"));
}

// Hands an empty response over once the tags are changed.
template <typename Response>
StatusCallback Answer(const std::string& arn, Callback<Response> done) {
  return [arn, done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) return std::move(done)(ToError(status, arn));
    std::move(done)(Response());
  };
}

}  // namespace

void TagApi::ChangeTags(const std::string& arn, Change change, StatusCallback done) {
  if (IsActivity(arn))
    return activities_.ChangeActivityTags(arn, std::move(change), std::move(done));
  machine_tags_.ChangeTags(arn, std::move(change), std::move(done));
}

void TagApi::Tag(const workflow::v1::TagResourceRequest& request,
                 Callback<workflow::v1::TagResourceResponse> done) {
  absl::Status checked = CheckResource(request.resource_arn());
  if (checked.ok()) checked = CheckTags(request.tags());
  if (!checked.ok()) return std::move(done)(checked);
  ChangeTags(
      request.resource_arn(),
      [added = request.tags()](const std::string& tags) { return WithTags(tags, added); },
      Answer(request.resource_arn(), std::move(done)));
}

void TagApi::Untag(const workflow::v1::UntagResourceRequest& request,
                   Callback<workflow::v1::UntagResourceResponse> done) {
  absl::Status checked = CheckResource(request.resource_arn());
  for (const std::string& key : request.tag_keys()) {
    if (checked.ok()) checked = CheckLength("tagKeys.member", key, 1, kMaxKeyLength);
  }
  if (!checked.ok()) return std::move(done)(checked);
  const std::vector<std::string> keys(request.tag_keys().begin(), request.tag_keys().end());
  ChangeTags(
      request.resource_arn(),
      [keys](const std::string& tags) -> absl::StatusOr<std::string> {
        return WithoutTags(tags, keys);
      },
      Answer(request.resource_arn(), std::move(done)));
}

void TagApi::List(const workflow::v1::ListTagsForResourceRequest& request,
                  Callback<workflow::v1::ListTagsForResourceResponse> done) {
  const std::string& arn = request.resource_arn();
  if (absl::Status checked = CheckResource(arn); !checked.ok()) return std::move(done)(checked);
  const auto answer = [arn](const auto& record, auto done) {
    if (!record.ok()) return std::move(done)(ToError(record.status(), arn));
    workflow::v1::ListTagsForResourceResponse response;
    *response.mutable_tags() = DecodeTags(record->tags);
    std::move(done)(std::move(response));
  };
  if (IsActivity(arn)) {
    return activities_.GetActivity(arn, [answer, done = std::move(done)](
                                            absl::StatusOr<store::ActivityRecord> record) mutable {
      answer(record, std::move(done));
    });
  }
  machines_.GetStateMachine(arn, [answer, done = std::move(done)](
                                     absl::StatusOr<store::StateMachineRecord> record) mutable {
    answer(record, std::move(done));
  });
}

}  // namespace orderflow::api
