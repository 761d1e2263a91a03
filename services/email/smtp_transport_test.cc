#include "services/email/smtp_transport.h"

#include <curl/curl.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/net/test_port.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/email/child_process.h"
#include "services/email/confirmation_writer.h"

namespace orderflow::email {
namespace {

using Outcome = DeliveryResult::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

// A server of another make, in a process of its own, that behaves as testdata/smtp_server.py
// describes.
class SmtpServer {
 public:
  explicit SmtpServer(std::vector<std::string> arguments = {}) : store_(NewFolder()) {
    std::vector<std::string> command = {
        "/usr/bin/python3", ORDERFLOW_EMAIL_TESTDATA "/smtp_server.py", "--store", store_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    process_ = std::make_unique<ChildProcess>(command);
    port_ = process_->ReadLine();
    EXPECT_NE(port_, "") << "python3-aiosmtpd is needed";
  }
  ~SmtpServer() {
    process_.reset();
    fs::remove_all(store_);
  }

  void Stop() { process_.reset(); }
  // Lets go of the mails to held@.
  void Release() { std::ofstream(store_ + "/release") << "now"; }
  const std::string& port() const { return port_; }
  std::string certificate() const { return store_ + "/certificate.pem"; }
  std::string Mail(int number) const { return Read(std::to_string(number) + ".eml"); }
  std::string Envelope(int number) const { return Read(std::to_string(number) + ".json"); }
  int count() const {
    int mails = 0;
    for (const auto& entry : fs::directory_iterator(store_))
      mails += entry.path().extension() == ".eml";
    return mails;
  }

 private:
  static std::string NewFolder() {
    std::string path = ::testing::TempDir() + "/smtp-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    return path;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(store_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::string store_;
  std::unique_ptr<ChildProcess> process_;
  std::string port_;
};

SmtpOptions PlainOptions(const SmtpServer& server) {
  SmtpOptions options;
  options.url = "smtp://127.0.0.1:" + server.port();
  options.tls = SmtpTls::kNone;
  return options;
}

std::unique_ptr<SmtpTransport> Create(SmtpOptions options) {
  auto transport = SmtpTransport::Create(std::move(options));
  EXPECT_THAT(transport, IsOk());
  return *std::move(transport);
}

// A real confirmation, so that what the server keeps is what customers get.
Mail AMail(const std::string& recipient = "user@example.com",
           const std::string& order_id = "12345") {
  const ConfirmationWriter writer({.name = "Shop", .address = "orders@shop.example"},
                                  ConfirmationTemplate::Default());
  StoredMail row;
  row.content = {.order_id = order_id,
                 .customer_email = recipient,
                 .product_id = ".sku",
                 .quantity = 2,
                 .amount_minor = 1234,
                 .currency = "EUR"};
  row.message_id = writer.MessageId(order_id);
  row.create_time = absl::FromUnixSeconds(1'700'000'000);
  return *writer.Write(row);
}

DeliveryResult Deliver(SmtpTransport& transport, Mail mail) {
  return *Await<DeliveryResult>([&](Callback<DeliveryResult> done) {
    transport.Deliver(std::move(mail), [done = std::move(done)](DeliveryResult result) mutable {
      std::move(done)(std::move(result));
    });
  });
}

TEST(SmtpTransportTest, AMailArrivesByteForByteAndIsReadable) {
  SmtpServer server;
  auto transport = Create(PlainOptions(server));
  const Mail mail = AMail();
  const DeliveryResult result = Deliver(*transport, mail);
  ASSERT_EQ(result.outcome, Outcome::kSent) << result.detail;
  EXPECT_EQ(server.Mail(1), mail.content);
  EXPECT_THAT(server.Envelope(1), HasSubstr("\"mail_from\": \"orders@shop.example\""));
  EXPECT_THAT(server.Envelope(1), HasSubstr("\"rcpt_tos\": [\"user@example.com\"]"));
  ChildProcess reader({"/usr/bin/python3", ORDERFLOW_EMAIL_TESTDATA "/read_mail.py"});
  const std::string read = reader.Finish(server.Mail(1));
  EXPECT_THAT(read, HasSubstr("Subject: Your order 12345 is confirmed\n"));
  EXPECT_THAT(read, HasSubstr("Parts: text/plain,text/html\n"));
  EXPECT_THAT(read, HasSubstr("Charged    12.34 EUR"));
  EXPECT_THAT(read, HasSubstr("<td>12.34 EUR</td>"));
  EXPECT_THAT(read, HasSubstr("Defects: []\n"));
}

TEST(SmtpTransportTest, LinesThatStartWithADotSurvive) {
  SmtpServer server;
  auto transport = Create(PlainOptions(server));
  Mail mail = AMail();
  mail.content = "Subject: x\r\n\r\n.\r\n..\r\n.a\r\nlast\r\n";
  ASSERT_EQ(Deliver(*transport, mail).outcome, Outcome::kSent);
  EXPECT_EQ(server.Mail(1), mail.content);
}

TEST(SmtpTransportTest, ManyMailsShareFewConnections) {
  SmtpServer server;
  constexpr int kMails = 60;
  std::atomic<int> sent = 0;
  {
    SmtpOptions options = PlainOptions(server);
    options.connections = 3;
    options.drain_timeout = absl::Seconds(60);
    auto transport = Create(options);
    Mutex mutex;
    CondVar changed;
    int answered = 0;
    for (int i = 0; i < kMails; ++i) {
      transport->Deliver(AMail("user@example.com", std::to_string(i)), [&](DeliveryResult result) {
        sent += result.outcome == Outcome::kSent;
        MutexLock lock(mutex);
        ++answered;
        changed.NotifyAll();
      });
    }
    MutexLock lock(mutex);
    while (answered < kMails) changed.Wait(mutex);
  }
  EXPECT_EQ(sent, kMails);
  EXPECT_EQ(server.count(), kMails);
  EXPECT_THAT(server.Envelope(kMails), ::testing::ContainsRegex("\"sessions\": [1-3]}"));
}

TEST(SmtpTransportTest, AnUnknownRecipientIsRefusedForGoodAndTheNextMailGoesOut) {
  SmtpServer server;
  auto transport = Create(PlainOptions(server));
  const DeliveryResult result = Deliver(*transport, AMail("refused@example.com"));
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_THAT(result.detail, HasSubstr("550 5.1.1 <recipient>: no such mailbox"));
  EXPECT_EQ(Deliver(*transport, AMail()).outcome, Outcome::kSent);
}

TEST(SmtpTransportTest, ATemporaryReplyPutsOffThatMailOnly) {
  SmtpServer server;
  auto transport = Create(PlainOptions(server));
  const DeliveryResult result = Deliver(*transport, AMail("later@example.com"));
  EXPECT_EQ(result.outcome, Outcome::kTryLater);
  EXPECT_THAT(result.detail, HasSubstr("451 4.7.1 greylisted"));
}

TEST(SmtpTransportTest, ContentIsRefusedOrPutOffAsTheReplySays) {
  SmtpServer server;
  auto transport = Create(PlainOptions(server));
  const DeliveryResult spam = Deliver(*transport, AMail("spam@example.com"));
  EXPECT_EQ(spam.outcome, Outcome::kRefused);
  EXPECT_THAT(spam.detail, HasSubstr("554 5.7.1 looks like spam"));
  EXPECT_EQ(Deliver(*transport, AMail("full@example.com")).outcome, Outcome::kTryLater);
}

TEST(SmtpTransportTest, AConnectionThatBreaksAfterTheContentIsTriedAgainUnderTheSameId) {
  SmtpServer server;
  auto transport = Create(PlainOptions(server));
  const Mail mail = AMail("drop@example.com");
  const DeliveryResult result = Deliver(*transport, mail);
  EXPECT_EQ(result.outcome, Outcome::kTryLater) << result.detail;
  EXPECT_EQ(server.count(), 1);  // taken, but nobody told us: hence the stable Message-ID
  EXPECT_EQ(server.Mail(1), mail.content);
}

TEST(SmtpTransportTest, AServerThatDoesNotAnswerIsGivenUpInTime) {
  SmtpServer server;
  SmtpOptions options = PlainOptions(server);
  options.mail_timeout = absl::Milliseconds(500);
  auto transport = Create(options);
  const DeliveryResult result = Deliver(*transport, AMail("silent@example.com"));
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("not done within 500ms"));
}

TEST(SmtpTransportTest, AMailThatWaitsTooLongForAConnectionIsPutOff) {
  SmtpServer server;
  SmtpOptions options = PlainOptions(server);
  options.connections = 1;
  // Long enough for a mail that need not wait, however busy this machine is.
  options.queue_timeout = absl::Seconds(5);
  options.mail_timeout = absl::Minutes(2);
  auto transport = Create(options);
  transport->Deliver(AMail("held@example.com"),
                     [](DeliveryResult result) { EXPECT_EQ(result.outcome, Outcome::kSent); });
  std::promise<DeliveryResult> answer;
  transport->Deliver(AMail(), [&](DeliveryResult result) { answer.set_value(std::move(result)); });
  absl::SleepFor(options.queue_timeout);
  server.Release();
  const DeliveryResult second = answer.get_future().get();
  EXPECT_EQ(second.outcome, Outcome::kTryLater);
  EXPECT_THAT(second.detail, HasSubstr("no connection became free within 5s"));
  EXPECT_EQ(Deliver(*transport, AMail()).outcome, Outcome::kSent);
}

TEST(SmtpTransportTest, ShutdownBreaksOffWhatTheServerDoesNotAnswer) {
  SmtpServer server;
  SmtpOptions options = PlainOptions(server);
  options.connections = 1;
  options.drain_timeout = absl::ZeroDuration();
  auto transport = Create(options);
  Mutex mutex;
  std::vector<DeliveryResult> results;
  for (const char* recipient : {"silent@example.com", "user@example.com"}) {
    transport->Deliver(AMail(recipient), [&](DeliveryResult result) {
      MutexLock lock(mutex);
      results.push_back(std::move(result));
    });
  }
  transport->Shutdown();
  ASSERT_EQ(results.size(), 2u);
  for (const DeliveryResult& result : results)
    EXPECT_EQ(result.outcome, Outcome::kTryLater) << result.detail;
  EXPECT_EQ(Deliver(*transport, AMail()).detail, "smtp: shutting down");
}

TEST(SmtpTransportTest, AServerThatIsDownIsUnreachableAndMailsGoOutWhenItIsBack) {
  const net::TestPort reserved;
  const std::string port = std::to_string(reserved.number());
  auto server = std::make_unique<SmtpServer>(std::vector<std::string>{"--port", port});
  auto transport = Create(PlainOptions(*server));
  ASSERT_EQ(Deliver(*transport, AMail()).outcome, Outcome::kSent);
  server->Stop();
  EXPECT_NE(Deliver(*transport, AMail()).outcome, Outcome::kSent);  // the kept connection is dead
  const DeliveryResult down = Deliver(*transport, AMail());
  EXPECT_EQ(down.outcome, Outcome::kUnreachable);
  EXPECT_THAT(down.detail, HasSubstr("smtp: Failed to connect to 127.0.0.1 port " + port));
  server = std::make_unique<SmtpServer>(std::vector<std::string>{"--port", port});
  EXPECT_EQ(Deliver(*transport, AMail()).outcome, Outcome::kSent);
}

TEST(SmtpTransportTest, ASenderThatIsNotAcceptedConcernsAllMails) {
  SmtpServer server({"--refuse-sender"});
  auto transport = Create(PlainOptions(server));
  const DeliveryResult result = Deliver(*transport, AMail());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("550 5.7.1"));
}

TEST(SmtpTransportTest, StartTlsWithLoginIsUsedWhenRequired) {
  SmtpServer server({"--starttls", "--login", "shop:secret"});
  SmtpOptions options = PlainOptions(server);
  options.tls = SmtpTls::kRequired;
  options.ca_file = server.certificate();
  options.user = "shop";
  options.password = "secret";
  options.helo_name = "shop.example";
  auto transport = Create(options);
  const DeliveryResult result = Deliver(*transport, AMail());
  ASSERT_EQ(result.outcome, Outcome::kSent) << result.detail;
  EXPECT_THAT(server.Envelope(1),
              HasSubstr("\"tls\": true, \"user\": \"shop\", \"helo\": \"shop.example\""));
}

TEST(SmtpTransportTest, TlsFromTheStartIsUsedForSmtps) {
  SmtpServer server({"--smtps"});
  SmtpOptions options = PlainOptions(server);
  options.url = "smtps://127.0.0.1:" + server.port();
  options.ca_file = server.certificate();
  auto transport = Create(options);
  const DeliveryResult result = Deliver(*transport, AMail());
  ASSERT_EQ(result.outcome, Outcome::kSent) << result.detail;
  EXPECT_THAT(server.Envelope(1), HasSubstr("\"tls\": true"));
}

TEST(SmtpTransportTest, AWrongPasswordIsNobodysRefusedMailAndNotToldOn) {
  SmtpServer server({"--starttls", "--login", "shop:secret"});
  SmtpOptions options = PlainOptions(server);
  options.tls = SmtpTls::kRequired;
  options.ca_file = server.certificate();
  options.user = "shop";
  options.password = "wr0ng";
  const DeliveryResult result = Deliver(*Create(options), AMail());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("535"));
  EXPECT_THAT(result.detail, Not(HasSubstr("wr0ng")));
  EXPECT_EQ(server.count(), 0);
}

TEST(SmtpTransportTest, ACertificateThatNobodyVouchesForIsNotTrusted) {
  SmtpServer server({"--starttls"});
  SmtpOptions options = PlainOptions(server);
  options.tls = SmtpTls::kRequired;
  const DeliveryResult result = Deliver(*Create(options), AMail());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("certificate"));
  EXPECT_EQ(server.count(), 0);
}

TEST(SmtpTransportTest, NothingIsSentInTheClearWhereTlsIsRequired) {
  SmtpServer server;
  SmtpOptions options = PlainOptions(server);
  options.tls = SmtpTls::kRequired;
  EXPECT_EQ(Deliver(*Create(options), AMail()).outcome, Outcome::kUnreachable);
  EXPECT_EQ(server.count(), 0);
  options.tls = SmtpTls::kOptional;
  EXPECT_EQ(Deliver(*Create(options), AMail()).outcome, Outcome::kSent);
}

TEST(SmtpTransportTest, OptionsThatMakeNoSenseAreRefused) {
  const auto refused = [](SmtpOptions options) {
    return std::string(SmtpTransport::Create(std::move(options)).status().message());
  };
  for (const char* url :
       {"", "mail.example", "http://mail.example", "smtp://", "smtp://h:99999", "smtp://h:x"}) {
    EXPECT_THAT(refused({.url = url}), HasSubstr("must be given as smtp://HOST:PORT")) << url;
  }
  EXPECT_THAT(refused({.url = "smtp://u:geheim@mail.example"}), HasSubstr("must not hold a login"));
  EXPECT_THAT(refused({.url = "smtp://u:geheim@mail.example"}), Not(HasSubstr("geheim")));
  EXPECT_THAT(refused({.url = "smtp://mail.example/x"}), HasSubstr("must end behind the port"));
  EXPECT_THAT(refused({.url = "smtp://mail.example", .helo_name = "a b\r\n"}),
              HasSubstr("no host name"));
  EXPECT_THAT(refused({.url = "smtp://mail.example", .connections = 0}),
              HasSubstr("must be 1 to 100"));
  EXPECT_THAT(refused({.url = "smtp://mail.example", .tls = SmtpTls::kOptional, .user = "u"}),
              HasSubstr("needs TLS"));
}

TEST(ClassifySmtpTest, AServiceThatClosesDownConcernsAllMails) {
  EXPECT_EQ(
      ClassifySmtp(CURLE_SEND_ERROR, 421, "RCPT failed: 421", "421 shutting down", "a@b.c").outcome,
      Outcome::kUnreachable);
}

TEST(ClassifySmtpTest, ADetailIsOneLineWithoutTheAddress) {
  const DeliveryResult result = ClassifySmtp(CURLE_SEND_ERROR, 550, "RCPT failed: 550",
                                             "550 <a@b.c>\x1b[31m no\r\n", "a@b.c");
  EXPECT_EQ(result.detail, "smtp: RCPT failed: 550: 550 <recipient>?[31m no");
}

}  // namespace
}  // namespace orderflow::email
