#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

using Tags = google::protobuf::RepeatedPtrField<workflow::v1::Tag>;

// Tags as the store keeps them: a JSON list, empty if there are none. TooManyTags,
// ValidationException: a length, or a key that is there twice.
absl::StatusOr<std::string> EncodeTags(const Tags& tags);
Tags DecodeTags(const std::string& text);

// ValidationException: a length.
absl::Status CheckTags(const Tags& tags);

// The tags of `text` with `added` ones, of which the last of a key counts, and without those of the
// keys. TooManyTags.
absl::StatusOr<std::string> WithTags(const std::string& text, const Tags& added);
std::string WithoutTags(const std::string& text, const std::vector<std::string>& keys);

}  // namespace orderflow::api
