#pragma once

#include "common/http/client.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// What an answer means to an HTTP task.
//
// | Answer | Outcome |
// | --- | --- |
// | 2xx | {"Headers", "ResponseBody", "StatusCode", "StatusText"} |
// | any other, redirects included | `States.Http.StatusCode.<code>`; cause: the same as JSON text |
// | binary by its type (images, audio, video, octet-stream), or not UTF-8 | `States.Runtime` |
//
// Names of headers are in lower case, each with a list of values. The body is a value where its
// type is JSON, else text. A cause that would be longer than the API allows goes without the body,
// then without the headers.
TaskOutcome ReadHttpAnswer(const http::Response& response);

}  // namespace orderflow::tasks
