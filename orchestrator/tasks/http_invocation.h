#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/url.h"
#include "common/json/value.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/tasks/http_connection.h"

namespace orderflow::tasks {

inline constexpr std::string_view kHttpInvoke = "arn:aws:states:::http:invoke";

// How arrays become parts of a form.
enum class ArrayFormat : uint8_t {
  kIndices,   // a[0]=x&a[1]=y
  kRepeat,    // a=x&a=y
  kCommas,    // a=x,y
  kBrackets,  // a[]=x&a[]=y
};

// A part of a URL's query, not encoded: `name=value`, or `name` alone.
using QueryPair = std::pair<std::string, std::optional<std::string>>;

// An HTTP task's parameters, read.
struct HttpInvocation {
  http::Url url;
  std::string method;
  std::string connection_arn;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<QueryPair> query;  // that of the URL itself first
  std::optional<json::Value> body;
  bool is_form = false;  // the body goes as application/x-www-form-urlencoded
  ArrayFormat array_format = ArrayFormat::kIndices;
};

// The parameters of a task that runs. What is wrong with them is States.Runtime, as on AWS.
asl::Evaluated<HttpInvocation> ReadHttpInvocation(const json::Value& parameters);

// What is wrong with a task's `Parameters` or `Arguments` as they are written, as far as that can
// be said before it runs: members that there are not, values that there cannot be, a connection
// that is not among `connections`, a URL that it is not for.
std::optional<std::string> CheckHttpParameters(const json::Value& parameters,
                                               const HttpConnections& connections);

// Why a connection is not there, naming the setting.
std::string UnknownConnection(std::string_view arn);
// Why it is not used for the URL, which is shown without its query.
std::string ForbiddenUrl(const HttpConnection& connection, const http::Url& url);

// Whether a value can go into a header, a query or a form, and the text that it is there.
bool IsScalar(const json::Value& value);
std::string ScalarText(const json::Value& value);

}  // namespace orderflow::tasks
