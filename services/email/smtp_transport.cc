#include "services/email/smtp_transport.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "common/base/check.h"
#include "common/base/quote.h"
#include "common/base/status.h"

namespace orderflow::email {
namespace {

using Outcome = DeliveryResult::Outcome;

constexpr size_t kMaxDetail = 300;

long Milliseconds(absl::Duration duration) {
  return static_cast<long>(absl::ToInt64Milliseconds(duration));
}

// A reply as one line of visible ASCII that does not tell the recipient's address, which goes into
// logs with it.
std::string Printable(std::string_view text, std::string_view recipient) {
  std::string line(text.substr(0, kMaxDetail));
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c >= '\x7f'; }, '?');
  if (recipient.empty()) return line;
  return absl::StrReplaceAll(line, {{std::string(recipient), "recipient"}});
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// The reply concerns this mail and not its sender, our login or the server as a whole.
bool ConcernsOneMail(CURLcode code, long reply_code, std::string_view error) {
  if (reply_code == 421) return false;  // RFC 5321, 4.2.2: the service is closing down
  // libcurl names the command that was refused, but for the end of the content.
  return StartsWith(error, "RCPT failed") || StartsWith(error, "DATA failed") ||
         code == CURLE_WEIRD_SERVER_REPLY;
}

struct Url {
  std::string scheme;
  std::string host;
};

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  const auto part = [](CURLU* url, CURLUPart which) {
    char* value = nullptr;
    if (curl_url_get(url, which, &value, 0) != CURLUE_OK) return std::string();
    std::string copy = value;
    curl_free(value);
    return copy;
  };
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), &curl_url_cleanup);
  const CURLUcode parsed = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  Url result{.scheme = part(url.get(), CURLUPART_SCHEME), .host = part(url.get(), CURLUPART_HOST)};
  // The text itself is not repeated: somebody may have put a password into it.
  if (parsed != CURLUE_OK || result.host.empty() ||
      (result.scheme != "smtp" && result.scheme != "smtps")) {
    return absl::InvalidArgumentError(
        "the SMTP server must be given as smtp://HOST:PORT or smtps://HOST:PORT");
  }
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError(
        "the SMTP server's URL must not hold a login; there are settings of their own for it");
  }
  const std::string path = part(url.get(), CURLUPART_PATH);
  if (path.size() > 1 || !part(url.get(), CURLUPART_QUERY).empty()) {
    return absl::InvalidArgumentError("the SMTP server's URL must end behind the port");
  }
  return result;
}

bool IsThisMachine(std::string_view host) {
  return host == "localhost" || host == "[::1]" || StartsWith(host, "127.");
}

bool IsHostName(std::string_view name) {
  return name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '.' || c == '-';
         });
}

long UseSsl(SmtpTransport::Tls tls) {
  switch (tls) {
    case SmtpTransport::Tls::kNone:
      return CURLUSESSL_NONE;
    case SmtpTransport::Tls::kOptional:
      return CURLUSESSL_TRY;
    case SmtpTransport::Tls::kRequired:
      return CURLUSESSL_ALL;
  }
  return CURLUSESSL_ALL;
}

}  // namespace

// A libcurl handle and the mail that it is sending, if any.
class SmtpTransport::Transfer {
 public:
  explicit Transfer(const Options& options) : easy_(curl_easy_init()) {
    ORDERFLOW_CHECK(easy_ != nullptr);
    const std::string url =
        options.url + (options.url.back() == '/' ? "" : "/") + options.helo_name;
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    Set(CURLOPT_PROXY, "");  // not from the environment
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_USE_SSL, UseSsl(options.tls));
    Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) Set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.user.empty()) {
      Set(CURLOPT_USERNAME, options.user.c_str());
      Set(CURLOPT_PASSWORD, options.password.c_str());
    }
    Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
    Set(CURLOPT_TIMEOUT_MS, Milliseconds(options.mail_timeout));
    Set(CURLOPT_MAXAGE_CONN, std::max(1L, Milliseconds(options.idle_timeout) / 1000));
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_READFUNCTION, &Transfer::Read);
    Set(CURLOPT_READDATA, this);
    Set(CURLOPT_HEADERFUNCTION, &Transfer::OnReplyLine);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_ERRORBUFFER, error_);
    Set(CURLOPT_PRIVATE, this);
  }
  ~Transfer() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(recipients_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_; }
  bool busy() const { return busy_; }

  void Start(Job job) {
    job_ = std::move(job);
    busy_ = true;
    sent_ = 0;
    reply_.clear();
    error_[0] = '\0';
    curl_slist_free_all(recipients_);
    recipients_ = curl_slist_append(nullptr, job_.mail.recipient.c_str());
    Set(CURLOPT_MAIL_FROM, job_.mail.sender.c_str());
    Set(CURLOPT_MAIL_RCPT, recipients_);
    Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(job_.mail.content.size()));
  }

  DeliveryResult ResultOf(CURLcode code) const {
    long reply_code = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &reply_code);
    const std::string_view error = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    return ClassifySmtp(code, reply_code, error, reply_, job_.mail.recipient);
  }

  // Answers the mail's sender and is free for the next one.
  void Finish(DeliveryResult result) {
    busy_ = false;
    Job job = std::exchange(job_, {});
    std::move(job.done)(std::move(result));
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    ORDERFLOW_CHECK(curl_easy_setopt(easy_, option, value) == CURLE_OK);
  }

  static size_t Read(char* buffer, size_t size, size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string& content = transfer.job_.mail.content;
    const size_t length = std::min(size * count, content.size() - transfer.sent_);
    std::memcpy(buffer, content.data() + transfer.sent_, length);
    transfer.sent_ += length;
    return length;
  }

  static size_t OnReplyLine(char* line, size_t size, size_t count, void* self) {
    static_cast<Transfer*>(self)->reply_.assign(line, std::min(size * count, kMaxDetail));
    return size * count;
  }

  CURL* const easy_;
  bool busy_ = false;
  Job job_;
  size_t sent_ = 0;  // bytes of the content
  std::string reply_;
  char error_[CURL_ERROR_SIZE] = "";
  curl_slist* recipients_ = nullptr;
};

DeliveryResult ClassifySmtp(CURLcode code, long reply_code, std::string_view error,
                            std::string_view reply, std::string_view recipient) {
  if (code == CURLE_OK) return {.outcome = Outcome::kSent, .detail = ""};
  std::string detail = "smtp: " + Printable(error, recipient);
  const bool was_refused = reply_code >= 400 && reply_code < 600;
  if (was_refused && !reply.empty()) detail += ": " + Printable(reply, recipient);
  if (was_refused && ConcernsOneMail(code, reply_code, error)) {
    return {.outcome = reply_code >= 500 ? Outcome::kRefused : Outcome::kTryLater,
            .detail = std::move(detail)};
  }
  // A connection that broke in the middle of a mail may have broken because of it, so the others
  // are tried.
  const bool broke = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
                     code == CURLE_GOT_NOTHING || code == CURLE_WEIRD_SERVER_REPLY;
  const bool in_the_middle = broke && !was_refused && reply_code >= 200;
  return {.outcome = in_the_middle ? Outcome::kTryLater : Outcome::kUnreachable,
          .detail = std::move(detail)};
}

absl::StatusOr<std::unique_ptr<SmtpTransport>> SmtpTransport::Create(Options options) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Url url, ParseUrl(options.url));
  if (url.scheme == "smtps") options.tls = Tls::kRequired;
  if (options.connections < 1 || options.connections > 100) {
    return absl::InvalidArgumentError("the number of SMTP connections is " +
                                      std::to_string(options.connections) + "; must be 1 to 100");
  }
  if (!IsHostName(options.helo_name)) {
    return absl::InvalidArgumentError("the SMTP greeting " + Quote(options.helo_name) +
                                      " is no host name");
  }
  if (!options.user.empty() && options.tls != Tls::kRequired && !IsThisMachine(url.host)) {
    return absl::InvalidArgumentError(
        "a login at an SMTP server needs TLS: require STARTTLS or use smtps://");
  }
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) return absl::InternalError("libcurl cannot be initialized");
  return std::unique_ptr<SmtpTransport>(new SmtpTransport(std::move(options)));
}

SmtpTransport::SmtpTransport(Options options)
    : options_(std::move(options)), multi_(curl_multi_init()) {
  ORDERFLOW_CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections));
  for (int i = 0; i < options_.connections; ++i) {
    transfers_.push_back(std::make_unique<Transfer>(options_));
  }
  thread_ = std::thread([this] { Run(); });
}

SmtpTransport::~SmtpTransport() {
  Shutdown();
  transfers_.clear();
  curl_multi_cleanup(multi_);
}

void SmtpTransport::Shutdown() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  if (thread_.joinable()) thread_.join();
}

void SmtpTransport::Deliver(Mail mail, DeliveryCallback done) {
  bool taken = false;
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      new_jobs_.push_back(
          {.mail = std::move(mail),
           .done = std::move(done),
           .start_by = Steady::now() + absl::ToChronoMilliseconds(options_.queue_timeout)});
      taken = true;
    }
  }
  if (!taken) {
    return std::move(done)({.outcome = Outcome::kTryLater, .detail = "smtp: shutting down"});
  }
  curl_multi_wakeup(multi_);
}

void SmtpTransport::Run() {
  Steady::time_point give_up = Steady::time_point::max();
  for (;;) {
    const bool stopping = TakeNewJobs();
    if (stopping && give_up == Steady::time_point::max()) {
      give_up = Steady::now() + absl::ToChronoMilliseconds(options_.drain_timeout);
      FailWaiting({.outcome = Outcome::kTryLater, .detail = "smtp: shutting down"});
    }
    StartTransfers();
    int running = 0;
    curl_multi_perform(multi_, &running);
    if (FinishTransfers() && !waiting_.empty()) continue;
    if (stopping && (running == 0 || Steady::now() >= give_up)) break;
    curl_multi_poll(multi_, nullptr, 0, stopping ? 100 : 1000, nullptr);
  }
  AbandonTransfers();
}

// True if the end has begun; then these were the last.
bool SmtpTransport::TakeNewJobs() {
  std::vector<Job> jobs;
  bool stopping = false;
  {
    MutexLock lock(mutex_);
    jobs.swap(new_jobs_);
    stopping = stopping_;
  }
  std::move(jobs.begin(), jobs.end(), std::back_inserter(waiting_));
  return stopping;
}

void SmtpTransport::StartTransfers() {
  const Steady::time_point now = Steady::now();
  while (!waiting_.empty() && waiting_.front().start_by < now) {
    Job late = std::move(waiting_.front());
    waiting_.pop_front();
    std::move(late.done)({.outcome = Outcome::kTryLater,
                          .detail = "smtp: no connection became free in " +
                                    absl::FormatDuration(options_.queue_timeout)});
  }
  for (const auto& transfer : transfers_) {
    if (waiting_.empty()) return;
    if (transfer->busy()) continue;
    transfer->Start(std::move(waiting_.front()));
    waiting_.pop_front();
    ORDERFLOW_CHECK(curl_multi_add_handle(multi_, transfer->easy()) == CURLM_OK);
  }
}

// True if there were any.
bool SmtpTransport::FinishTransfers() {
  bool any = false;
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    char* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    OnFinished(*reinterpret_cast<Transfer*>(transfer), code);  // `message` is gone after it
    any = true;
  }
  return any;
}

void SmtpTransport::OnFinished(Transfer& transfer, CURLcode code) {
  curl_multi_remove_handle(multi_, transfer.easy());
  DeliveryResult result = transfer.ResultOf(code);
  if (result.outcome == Outcome::kUnreachable) FailWaiting(result);
  transfer.Finish(std::move(result));
}

void SmtpTransport::FailWaiting(const DeliveryResult& result) {
  std::deque<Job> jobs = std::exchange(waiting_, {});
  for (Job& job : jobs) std::move(job.done)(result);
}

void SmtpTransport::AbandonTransfers() {
  for (const auto& transfer : transfers_) {
    if (!transfer->busy()) continue;
    curl_multi_remove_handle(multi_, transfer->easy());
    transfer->Finish(
        {.outcome = Outcome::kTryLater, .detail = "smtp: shut down before the server answered"});
  }
}

}  // namespace orderflow::email
