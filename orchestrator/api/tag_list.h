#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>

#include "absl/status/statusor.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// Tags as the store keeps them: JSON text, empty if there are none. TooManyTags,
// ValidationException.
absl::StatusOr<std::string> EncodeTags(
    const google::protobuf::RepeatedPtrField<workflow::v1::Tag>& tags);

}  // namespace orderflow::api
