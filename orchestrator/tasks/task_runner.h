#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/typecheck/type_check.h"

namespace orderflow::tasks {

// How members of a task's input and output are named after the fields of messages.
enum class MemberNames : uint8_t {
  kProto,  // as the fields: `topic_arn`
  kAws,    // as AWS names parameters: `TopicArn`; protojson::Options::Names::kAws has the rules
};

// One attempt at a task, ready to be carried out.
struct TaskCall {
  std::string
      resource;  // "grpc://inventory:50052/orderflow.inventory.v1.InventoryService/CheckInventory"
  json::Value input;
  std::string
      idempotency_key;  // the same for every attempt of one state entry, before and after a crash
  std::string execution_arn;
  std::string traceparent;  // W3C Trace Context, empty if there is none
  int try_number = 1;
  std::optional<absl::Time> deadline;
  // By which somebody else can answer the task: of `.waitForTaskToken`, whose outcome here is only
  // what the service said to the request, and of an activity. A secret; else empty.
  std::string task_token = {};
  // To be called at most once, before `done`, when the service has accepted what it will answer
  // later; on any thread, and must not block. Empty where the resource is not of that kind.
  std::function<void(json::Value output)> submitted = {};
  MemberNames member_names = MemberNames::kProto;  // where a gRPC method carries it out
};

// The task's output, or the error as the language sees it.
using TaskOutcome = std::variant<json::Value, asl::Failure>;

// Called exactly once per Run, on any thread, unless the call was cancelled first (then at most
// once); must not block.
using TaskDone = absl::AnyInvocable<void(TaskOutcome) &&>;

// A call under way; destroying it or calling Cancel gives it up. Cancel may race with the answer.
// Cancel says that the workflow does not want the task any more, so that what it began elsewhere
// can be stopped; merely destroying says that nobody here waits.
class RunningTask {
 public:
  virtual ~RunningTask() = default;
  virtual void Cancel() = 0;
};

// An HTTP request, to be looked at.
struct ShownRequest {
  std::string protocol;  // "https"
  std::string method;
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
};

// Carries tasks out. Thread-safe. Never retries by itself: the engine owns attempts.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  // Starts a call and returns at once; `done` is never called from within Run. The handle may be
  // dropped without cancelling if `done` has been called; dropping it earlier cancels.
  virtual std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) = 0;
  // What is wrong with a resource, or nothing: asked when a definition is created.
  virtual std::optional<std::string> CheckResource(std::string_view resource) const = 0;
  // The same for what a definition gives to the resource: its `Parameters` or `Arguments` as they
  // are written, expressions included; null where there are none. Not asked where CheckResource
  // found something.
  virtual std::optional<std::string> CheckArguments(std::string_view resource,
                                                    const json::Value& arguments) const {
    static_cast<void>(resource);
    static_cast<void>(arguments);
    return std::nullopt;
  }
  // The HTTP request that a task with this input sends, as far as the definition makes it; with
  // `reveal_secrets` also what is added to it, but for tokens that are fetched. Nothing where none
  // is sent.
  virtual std::optional<ShownRequest> ShowRequest(std::string_view resource,
                                                  const json::Value& input,
                                                  bool reveal_secrets) const {
    static_cast<void>(resource);
    static_cast<void>(input);
    static_cast<void>(reveal_secrets);
    return std::nullopt;
  }
  // What a resource takes and answers, or nothing where no types stand behind it: lets a validator
  // look at what a definition passes and reads. Asks whoever would be called, for a bounded time;
  // `done` is called from within where that is not needed. UNIMPLEMENTED: there is nothing of this
  // name to be called. Other errors: it cannot be told.
  using TypesDone = Callback<std::optional<typecheck::TaskTypes>>;
  virtual void FindTypes(std::string_view resource, TypesDone done) {
    static_cast<void>(resource);
    std::move(done)(std::optional<typecheck::TaskTypes>());
  }
};

}  // namespace orderflow::tasks
