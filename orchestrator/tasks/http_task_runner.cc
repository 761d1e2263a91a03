#include "orchestrator/tasks/http_task_runner.h"

#include <unistd.h>

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/quote.h"
#include "common/http/client.h"
#include "orchestrator/tasks/answered_task.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/http_answer.h"
#include "orchestrator/tasks/http_invocation.h"
#include "orchestrator/tasks/http_request.h"
#include "orchestrator/tasks/http_token.h"

namespace orderflow::tasks {
namespace {

// The engine's own timer for a task comes first, as it writes the history's event; this is for
// when it does not.
constexpr absl::Duration kDeadlineSlack = absl::Milliseconds(250);

// One attempt: the token, the request, and where the token is refused both once more. Held by the
// callbacks that it waits for.
//
// Thread-safe.
class HttpCall final : public std::enable_shared_from_this<HttpCall> {
 public:
  // `token` is null for connections without one. `request` is whole but for the token.
  // `has_own_deadline`: `deadline` is the task's, not the limit for all.
  HttpCall(http::Client& client, const Clock& clock, HttpToken* token, http::Request request,
           absl::Time deadline, bool has_own_deadline, TaskDone done)
      : client_(client),
        clock_(clock),
        token_(token),
        request_(std::move(request)),
        deadline_(deadline),
        has_own_deadline_(has_own_deadline),
        waiter_(std::move(done)) {}

  void Start() {
    if (token_ == nullptr) return Send("");
    token_->Get([self = shared_from_this()](absl::StatusOr<std::string> token) {
      if (token.ok()) return self->Send(*token);
      self->waiter_.Tell(asl::Failure{absl::IsPermissionDenied(token.status())
                                          ? "Events.ConnectionResource.InvalidConnectionState"
                                          : "Events.ConnectionResource.InternalError",
                                      std::string(token.status().message())});
    });
  }

  void Cancel() {
    if (!waiter_.Drop()) return;
    MutexLock lock(mutex_);
    cancelled_ = true;
    if (ticket_.has_value()) client_.Cancel(*ticket_);
  }

 private:
  void Send(const std::string& token) {
    http::Request request = request_;
    if (!token.empty()) request.headers.push_back("Authorization: Bearer " + token);
    const absl::Duration left = deadline_ - clock_.Now();
    if (left <= absl::ZeroDuration()) return waiter_.Tell(LateFailure());
    request.timeout = left;
    MutexLock lock(mutex_);
    if (cancelled_) return;
    ticket_ = client_.Send(std::move(request), [self = shared_from_this(),
                                                token](absl::StatusOr<http::Response> response) {
      self->OnAnswer(token, std::move(response));
    });
  }

  void OnAnswer(const std::string& token, absl::StatusOr<http::Response> response) {
    // A server that does not take the token has done nothing, so that it may be asked again.
    if (response.ok() && response->status == 401 && token_ != nullptr &&
        !std::exchange(again_, true)) {
      token_->Forget(token);
      return Start();
    }
    waiter_.Tell(response.ok() ? ReadHttpAnswer(*response) : FailureOf(response.status()));
  }

  TaskOutcome FailureOf(const absl::Status& status) const {
    if (absl::IsDeadlineExceeded(status)) return LateFailure();
    if (absl::IsResourceExhausted(status)) {
      return asl::Failure{asl::kErrorDataLimitExceeded,
                          "The state/task 'http' returned a result with a size exceeding the "
                          "maximum number of bytes service limit."};
    }
    return SocketFailure(std::string(status.message()));
  }

  asl::Failure LateFailure() const {
    if (has_own_deadline_) return asl::Failure{asl::kErrorTimeout, std::nullopt};
    return SocketFailure("no answer in time");
  }

  // Names the endpoint, whose query may hold what the connection put there.
  asl::Failure SocketFailure(const std::string& why) const {
    return asl::Failure{"States.Http.Socket",
                        absl::StrCat("Unable to execute HTTP request to ",
                                     request_.url.substr(0, request_.url.find('?')), ": ", why)};
  }

  http::Client& client_;
  const Clock& clock_;
  HttpToken* const token_;
  const http::Request request_;
  const absl::Time deadline_;
  const bool has_own_deadline_;
  Waiter waiter_;
  bool again_ = false;  // of the client's thread

  Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<http::Client::Ticket> ticket_ ABSL_GUARDED_BY(mutex_);
};

class Handle final : public RunningTask {
 public:
  explicit Handle(std::shared_ptr<HttpCall> call) : call_(std::move(call)) {}
  ~Handle() override { call_->Cancel(); }
  void Cancel() override { call_->Cancel(); }

 private:
  const std::shared_ptr<HttpCall> call_;
};

class HttpTaskRunner final : public TaskRunner {
 public:
  HttpTaskRunner(HttpTaskRunnerOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        client_({.timeout = options_.max_duration,
                 .connect_timeout = options_.connect_timeout,
                 .ca_file = options_.ca_file,
                 .max_response_bytes = options_.max_answer_bytes,
                 .max_connections = options_.max_connections}) {
    for (const auto& [name, connection] : options_.connections) {
      if (connection.type == HttpConnection::Type::kOAuth)
        tokens_.try_emplace(name, connection, client_, clock_);
    }
  }

  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override {
    asl::Evaluated<HttpInvocation> invocation = ReadHttpInvocation(call.input);
    if (!invocation.ok()) return Refuse(std::move(invocation).failure(), std::move(done));
    const HttpConnection* connection =
        FindConnection(options_.connections, invocation->connection_arn);
    if (connection == nullptr) {
      return Refuse(asl::Failure{"Events.ConnectionResource.ResourceNotFound",
                                 UnknownConnection(invocation->connection_arn)},
                    std::move(done));
    }
    if (!connection->Allows(invocation->url)) {
      return Refuse(asl::Failure{"Events.ConnectionResource.AccessDenied",
                                 ForbiddenUrl(*connection, invocation->url)},
                    std::move(done));
    }
    asl::Evaluated<http::Request> request =
        MakeHttpRequest(*invocation, *connection, options_.region, call.traceparent);
    if (!request.ok()) return Refuse(std::move(request).failure(), std::move(done));
    return Ask(*std::move(request), *connection, call.deadline, std::move(done));
  }

  std::optional<std::string> CheckResource(std::string_view resource) const override {
    if (resource != kHttpInvoke) {
      return absl::StrCat(Quote(resource, 200), " is not supported; an HTTP task is ",
                          std::string(kHttpInvoke));
    }
    if (!options_.connections.empty()) return std::nullopt;
    return absl::StrCat(Quote(resource, 200),
                        " cannot be carried out: it needs a connection, and there is no file of "
                        "--http_connections");
  }

  std::optional<std::string> CheckArguments(std::string_view resource,
                                            const json::Value& arguments) const override {
    static_cast<void>(resource);
    return CheckHttpParameters(arguments, options_.connections);
  }

  std::optional<ShownRequest> ShowRequest(std::string_view resource, const json::Value& input,
                                          bool reveal_secrets) const override {
    static_cast<void>(resource);
    const asl::Evaluated<HttpInvocation> invocation = ReadHttpInvocation(input);
    if (!invocation.ok()) return std::nullopt;
    const HttpConnection* connection =
        FindConnection(options_.connections, invocation->connection_arn);
    if (connection == nullptr || !connection->Allows(invocation->url)) return std::nullopt;
    const HttpConnection adds_nothing;
    asl::Evaluated<http::Request> request = MakeHttpRequest(
        *invocation, reveal_secrets ? *connection : adds_nothing, options_.region, "");
    if (!request.ok()) return std::nullopt;
    return ShownRequest{.protocol = request->url.substr(0, request->url.find(':')),
                        .method = std::move(request->method),
                        .url = std::move(request->url),
                        .headers = std::move(request->headers),
                        .body = std::move(request->body)};
  }

 private:
  std::unique_ptr<RunningTask> Refuse(asl::Failure failure, TaskDone done) {
    return AnswerLater(callbacks_, std::move(failure), std::move(done));
  }

  std::unique_ptr<RunningTask> Ask(http::Request request, const HttpConnection& connection,
                                   std::optional<absl::Time> task_deadline, TaskDone done) {
    const absl::Time limit = clock_.Now() + options_.max_duration;
    const bool is_own = task_deadline.has_value() && *task_deadline + kDeadlineSlack < limit;
    const auto token = tokens_.find(connection.name);
    auto call = std::make_shared<HttpCall>(
        client_, clock_, token == tokens_.end() ? nullptr : &token->second, std::move(request),
        is_own ? *task_deadline + kDeadlineSlack : limit, is_own, std::move(done));
    // Elsewhere, as a token that is known or a deadline that has passed would tell from within.
    callbacks_.Post([call] { call->Start(); });
    return std::make_unique<Handle>(std::move(call));
  }

  const HttpTaskRunnerOptions options_;
  const Clock& clock_;
  std::map<std::string, HttpToken> tokens_;  // by connection; does not change
  // Last, so that they end first: their callbacks use the rest.
  http::Client client_;
  CallbackThread callbacks_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TaskRunner>> CreateHttpTaskRunner(HttpTaskRunnerOptions options,
                                                                 const Clock& clock) {
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0)
    return absl::InvalidArgumentError("--http_ca: cannot read " + options.ca_file);
  return std::unique_ptr<TaskRunner>(std::make_unique<HttpTaskRunner>(std::move(options), clock));
}

}  // namespace orderflow::tasks
