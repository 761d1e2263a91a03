#include <memory>
#include <utility>

#include "common/base/await.h"
#include "common/base/status.h"
#include "lambda/function_main.h"
#include "lambda/task.h"
#include "services/email/email_core.h"
#include "services/email/email_flags.h"

namespace orderflow::email {
namespace {

using Response = v1::SendConfirmationEmailResponse;

class EmailFunctions final : public lambda::Functions {
 public:
  explicit EmailFunctions(std::unique_ptr<EmailCore> core) : core_(std::move(core)) {}

  const std::map<std::string, lambda::Handler>& handlers() const override { return handlers_; }

  // Delivers what is queued, batch after batch, until nothing is due or the mail server is gone. A
  // batch is not left before its end, which the transport bounds: the next one must not begin
  // beside it.
  absl::StatusOr<json::Value> RunBackgroundWork(lambda::Instant deadline) override {
    const int64_t sent_before = core_->delivery().statistics().sent;
    int tried = 0;
    do {
      ORDERFLOW_ASSIGN_OR_RETURN(
          tried, Await<int>([this](auto done) { core_->delivery().DeliverDue(std::move(done)); }));
    } while (tried > 0 && std::chrono::steady_clock::now() < deadline);
    return json::Value::Object({{"sent_mails", core_->delivery().statistics().sent - sent_before}});
  }

 private:
  // A server answers "queued" where the mail server is out of reach, and delivers later. Nobody
  // does so here, so the invocation fails, and the workflow repeats it: the outbox keeps the mail,
  // and keeps it from going out twice.
  void Send(const v1::SendConfirmationEmailRequest& request, Callback<Response> done) {
    core_->emails().SendConfirmationEmail(
        request, [done = std::move(done)](absl::StatusOr<Response> response) mutable {
          if (response.ok() && response->email_status() == "queued") {
            response = absl::UnavailableError(
                "the mail is in the outbox, but cannot be delivered now; repeat the call");
          }
          std::move(done)(std::move(response));
        });
  }

  const std::unique_ptr<EmailCore> core_;
  const std::map<std::string, lambda::Handler> handlers_ = {
      {"SendConfirmationEmail",
       lambda::TaskHandler<v1::SendConfirmationEmailRequest, Response>(
           [this](const auto& request, auto done) { Send(request, std::move(done)); })}};
};

absl::StatusOr<std::unique_ptr<lambda::Functions>> Open() {
  ORDERFLOW_ASSIGN_OR_RETURN(EmailCoreOptions options, OptionsFromFlags());
  options.delivers_in_background = false;
  if (options.smtp.ca_file.empty()) options.smtp.ca_file = lambda::PackagedCertificates();
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, EmailCore::Open(options));
  return std::make_unique<EmailFunctions>(std::move(core));
}

}  // namespace
}  // namespace orderflow::email

int main(int argc, char** argv) {
  return orderflow::lambda::RunFunction(argc, argv, "email", &orderflow::email::Open);
}
