#include "orchestrator/api/tag_api.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/tags.h"

namespace orderflow::api {
namespace {

constexpr size_t kMaxKeyLength = 128;

absl::Status CheckResource(const std::string& arn) {
  return CheckArn("resourceArn", arn, engine::Arn::Kind::kStateMachine).status();
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

void TagApi::Tag(const workflow::v1::TagResourceRequest& request,
                 Callback<workflow::v1::TagResourceResponse> done) {
  absl::Status checked = CheckResource(request.resource_arn());
  if (checked.ok()) checked = CheckTags(request.tags());
  if (!checked.ok()) return std::move(done)(checked);
  tags_.ChangeTags(
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
  tags_.ChangeTags(
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
  machines_.GetStateMachine(
      arn, [arn, done = std::move(done)](absl::StatusOr<store::StateMachineRecord> record) mutable {
        if (!record.ok()) return std::move(done)(ToError(record.status(), arn));
        workflow::v1::ListTagsForResourceResponse response;
        *response.mutable_tags() = DecodeTags(record->tags);
        std::move(done)(std::move(response));
      });
}

}  // namespace orderflow::api
