#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/http/client.h"
#include "common/json/value.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/tasks/http_connection.h"
#include "orchestrator/tasks/http_invocation.h"

namespace orderflow::tasks {

// The request, with all that the connection adds but for an OAuth token. What both say of headers,
// query and body is the connection's to decide. `user_agent_region` is a part of the user agent.
// States.Runtime: a body that cannot be merged or encoded; States.DataLimitExceeded: the encoded
// one is larger than 1 MiB, or the URL than 64 KiB.
asl::Evaluated<http::Request> MakeHttpRequest(const HttpInvocation& invocation,
                                              const HttpConnection& connection,
                                              std::string_view region,
                                              std::string_view traceparent);

// An object as a form: members within each other become `a[b]=c`. Nothing where that has more than
// `max_bytes`.
std::optional<std::string> EncodeForm(const json::Value& object, ArrayFormat format,
                                      size_t max_bytes);

}  // namespace orderflow::tasks
