// The service as clients see it: over a real socket, module and all.

#include <grpcpp/client_context.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "orderflow/email/v1/email.grpc.pb.h"
#include "services/email/email_module.h"

namespace orderflow::email {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class EmailServiceTest : public ::testing::Test {
 protected:
  EmailServiceTest() : folder_(NewFolder()) {}
  ~EmailServiceTest() override {
    Stop();
    fs::remove_all(folder_);
  }

  EmailCoreOptions Options() const {
    EmailCoreOptions options;
    options.database = {.url = "sqlite:" + folder_ + "/email.db", .name = "email"};
    options.from = "Shop <orders@shop.example>";
    options.maildir = folder_ + "/mail";
    return options;
  }

  void Start(EmailCoreOptions options) {
    module_ = *OpenEmailModule(std::move(options));
    server_ = *rpc::Server::Start({}, *module_);
    channel_ = *rpc::MakeChannel(server_->address(), {.own_connection = true});
    stub_ = v1::EmailService::NewStub(channel_);
  }
  void Stop() {
    if (server_ != nullptr) server_->Stop();
    server_.reset();
    module_.reset();
  }

  absl::Status Send(const v1::SendConfirmationEmailRequest& request,
                    v1::SendConfirmationEmailResponse& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return rpc::FromGrpcStatus(stub_->SendConfirmationEmail(&context, request, &response));
  }

  // Asks until the mail has the status; the test's own time limit ends a wait in vain.
  v1::Email WaitFor(const std::string& order_id, v1::EmailStatus status) {
    for (;;) {
      grpc::ClientContext context;
      v1::GetEmailRequest request;
      request.set_order_id(order_id);
      v1::GetEmailResponse response;
      const grpc::Status got = stub_->GetEmail(&context, request, &response);
      EXPECT_TRUE(got.ok()) << got.error_message();
      if (!got.ok() || response.email().status() == status) return response.email();
    }
  }

  static std::string NewFolder() {
    std::string path = ::testing::TempDir() + "/email-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    return path;
  }

  const std::string folder_;
  std::unique_ptr<rpc::Module> module_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::EmailService::Stub> stub_;
};

v1::SendConfirmationEmailRequest TheSample() {
  v1::SendConfirmationEmailRequest request;
  request.set_order_id("12345");
  request.set_customer_email("user@example.com");
  request.set_product_id("sku-001");
  request.set_quantity(1);
  request.set_amount_minor(1999);
  request.set_currency("EUR");
  return request;
}

TEST_F(EmailServiceTest, AConfirmationIsSentReadAndListed) {
  Start(Options());
  v1::SendConfirmationEmailResponse response;
  ASSERT_THAT(Send(TheSample(), response), IsOk());
  EXPECT_EQ(response.email_status(), "sent");
  std::ifstream file(folder_ + "/mail/new/12345.eml", std::ios::binary);
  const std::string mail{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(mail, HasSubstr("Message-ID: " + response.message_id()));
  EXPECT_THAT(mail, HasSubstr("19.99 EUR"));
  EXPECT_EQ(WaitFor("12345", v1::EMAIL_STATUS_SENT).attempts(), 1);
  grpc::ClientContext list;
  v1::ListEmailsResponse emails;
  ASSERT_TRUE(stub_->ListEmails(&list, {}, &emails).ok());
  EXPECT_THAT(emails.emails(), SizeIs(1));
}

TEST_F(EmailServiceTest, ErrorsReachTheClientWithTheirDetails) {
  Start(Options());
  v1::SendConfirmationEmailResponse response;
  const absl::Status invalid = Send({}, response);
  EXPECT_THAT(invalid, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(GetFieldViolations(invalid), SizeIs(4));
  ASSERT_THAT(Send(TheSample(), response), IsOk());
  v1::SendConfirmationEmailRequest other = TheSample();
  other.set_quantity(7);
  const absl::Status mismatch = Send(other, response);
  EXPECT_THAT(mismatch, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(GetErrorInfo(mismatch)->reason, "EMAIL_MISMATCH");
}

TEST_F(EmailServiceTest, AMailThatNoServerTakesIsDeliveredInTheBackgroundAfterARestart) {
  EmailCoreOptions options = Options();
  options.smtp.url = "smtp://127.0.0.1:1";  // nobody listens there
  options.smtp.tls = SmtpTls::kNone;
  Start(options);
  v1::SendConfirmationEmailResponse response;
  ASSERT_THAT(Send(TheSample(), response), IsOk());
  EXPECT_EQ(response.email_status(), "queued");
  Stop();
  options = Options();
  options.deliver_pause = absl::Milliseconds(10);
  Start(options);
  EXPECT_EQ(WaitFor("12345", v1::EMAIL_STATUS_SENT).message_id(), response.message_id());
  EXPECT_TRUE(fs::exists(folder_ + "/mail/new/12345.eml"));
}

TEST_F(EmailServiceTest, ReadinessAsksTheDatabase) {
  Start(Options());
  EXPECT_THAT(AwaitStatus([&](StatusCallback done) { module_->CheckReady(std::move(done)); }),
              IsOk());
}

TEST_F(EmailServiceTest, OptionsThatMakeNoSenseAreRefused) {
  EmailCoreOptions options = Options();
  options.from = "nobody";
  EXPECT_THAT(OpenEmailModule(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nobody")));
  options = Options();
  options.answer_within = absl::ZeroDuration();
  EXPECT_THAT(OpenEmailModule(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is 0")));
  options = Options();
  options.template_folder = folder_ + "/nowhere";
  EXPECT_THAT(OpenEmailModule(options),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere")));
  options = Options();
  options.smtp.url = "mail.example";
  EXPECT_THAT(OpenEmailModule(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("smtp://HOST:PORT")));
  options = Options();
  std::ofstream(folder_ + "/file") << "x";
  options.maildir = folder_ + "/file/mail";
  EXPECT_THAT(OpenEmailModule(options), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace orderflow::email
