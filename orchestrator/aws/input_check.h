#pragma once

#include <optional>

#include "common/json/value.h"
#include "orchestrator/aws/fault.h"

namespace google::protobuf {
class Descriptor;
}

namespace orderflow::aws {

// Whether the members of an operation's input have the JSON types of the request message's fields,
// as the service is strict about them: SerializationException for the first that has not. A text
// that is none of an enumeration's values is a ValidationException that lists those, and so are the
// required members that are missing. Null stands for a missing member, but not within a structure,
// where nobody writes it by intention. Members that the message does not know are passed over, as
// on AWS.
std::optional<Fault> CheckInput(const json::Value& input, const google::protobuf::Descriptor& type);

}  // namespace orderflow::aws
