#include "services/email/smtp_transport.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
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
bool ConcernsOneMail(int code, long reply_code, std::string_view error) {
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

long UseSsl(SmtpTls tls) {
  switch (tls) {
    case SmtpTls::kNone:
      return CURLUSESSL_NONE;
    case SmtpTls::kOptional:
      return CURLUSESSL_TRY;
    case SmtpTls::kRequired:
      return CURLUSESSL_ALL;
  }
  return CURLUSESSL_ALL;
}

}  // namespace

// One connection, made when it is needed and kept for the next mail. One thread only.
class SmtpTransport::Connection {
 public:
  Connection(const SmtpOptions& options, const std::atomic<Steady::time_point>& abandon_at)
      : options_(options), abandon_at_(abandon_at), easy_(curl_easy_init()) {
    ORDERFLOW_CHECK(easy_ != nullptr);
    SetServer();
    SetLimits();
    SetCallbacks();
  }
  ~Connection() {
    // Otherwise libcurl says QUIT and waits two minutes for an answer.
    BreakOff();
    curl_easy_cleanup(easy_);
    curl_slist_free_all(recipients_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  DeliveryResult Send(const Mail& mail) {
    content_ = mail.content;
    reply_.clear();
    error_[0] = '\0';
    end_.reset();
    deadline_ = Steady::now() + absl::ToChronoMilliseconds(options_.mail_timeout);
    curl_slist_free_all(recipients_);
    recipients_ = curl_slist_append(nullptr, mail.recipient.c_str());
    Set(CURLOPT_MAIL_FROM, mail.sender.c_str());
    Set(CURLOPT_MAIL_RCPT, recipients_);
    Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail.content.size()));
    const CURLcode code = curl_easy_perform(easy_);
    if (code != CURLE_OK && end_.has_value()) return *end_;
    long reply_code = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &reply_code);
    const std::string_view error = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    return ClassifySmtp(code, reply_code, error, reply_, mail.recipient);
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    ORDERFLOW_CHECK(curl_easy_setopt(easy_, option, value) == CURLE_OK);
  }

  void SetServer() {
    const std::string slash = options_.url.back() == '/' ? "" : "/";
    Set(CURLOPT_URL, (options_.url + slash + options_.helo_name).c_str());
    Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    Set(CURLOPT_PROXY, "");  // not from the environment
    Set(CURLOPT_USE_SSL, UseSsl(options_.tls));
    Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) Set(CURLOPT_CAINFO, options_.ca_file.c_str());
    if (options_.user.empty()) return;
    Set(CURLOPT_USERNAME, options_.user.c_str());
    Set(CURLOPT_PASSWORD, options_.password.c_str());
  }

  void SetLimits() {
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout));
    // The limit of a mail is kept by OnProgress: CURLOPT_TIMEOUT does not count while libcurl waits
    // for the last reply.
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_MAXAGE_CONN, std::max(1L, Milliseconds(options_.idle_timeout) / 1000));
  }

  void SetCallbacks() {
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_READFUNCTION, &Connection::OnRead);
    Set(CURLOPT_READDATA, this);
    Set(CURLOPT_HEADERFUNCTION, &Connection::OnReplyLine);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_XFERINFOFUNCTION, &Connection::OnProgress);
    Set(CURLOPT_XFERINFODATA, this);
    Set(CURLOPT_OPENSOCKETFUNCTION, &Connection::OnOpenSocket);
    Set(CURLOPT_OPENSOCKETDATA, this);
    Set(CURLOPT_CLOSESOCKETFUNCTION, &Connection::OnCloseSocket);
    Set(CURLOPT_CLOSESOCKETDATA, this);
    Set(CURLOPT_ERRORBUFFER, error_);
  }

  static size_t OnRead(char* buffer, size_t size, size_t count, void* self) {
    std::string_view& content = static_cast<Connection*>(self)->content_;
    const size_t length = std::min(size * count, content.size());
    std::memcpy(buffer, content.data(), length);
    content.remove_prefix(length);
    return length;
  }

  // Keeps the last refusal; a "221 Bye" may follow it.
  static size_t OnReplyLine(char* line, size_t size, size_t count, void* self) {
    const std::string_view reply(line, size * count);
    if (!reply.empty() && (reply[0] == '4' || reply[0] == '5')) {
      static_cast<Connection*>(self)->reply_ = reply.substr(0, kMaxDetail);
    }
    return size * count;
  }

  // Called about once a second, whatever libcurl waits for.
  static int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Connection*>(self)->IsOverdue() ? 1 : 0;
  }

  bool IsOverdue() {
    const Steady::time_point now = Steady::now();
    if (now >= deadline_) {
      end_ = {.outcome = Outcome::kUnreachable,
              .detail = "smtp: not done within " + absl::FormatDuration(options_.mail_timeout)};
    } else if (now >= abandon_at_.load(std::memory_order_relaxed)) {
      end_ = {.outcome = Outcome::kTryLater,
              .detail = "smtp: shut down before the server answered"};
    } else {
      return false;
    }
    BreakOff();
    return true;
  }

  static curl_socket_t OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
    const int opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (opened >= 0) static_cast<Connection*>(self)->sockets_.push_back(opened);
    return opened;
  }

  static int OnCloseSocket(void* self, curl_socket_t closed) {
    std::vector<int>& sockets = static_cast<Connection*>(self)->sockets_;
    sockets.erase(std::remove(sockets.begin(), sockets.end(), closed), sockets.end());
    return close(closed);
  }

  // Makes every further read and write of libcurl fail at once, so that it does not wait for polite
  // last words.
  void BreakOff() {
    for (const int open : sockets_) shutdown(open, SHUT_RDWR);
  }

  const SmtpOptions& options_;
  const std::atomic<Steady::time_point>& abandon_at_;
  CURL* const easy_;
  std::vector<int> sockets_;  // open ones: one, or two while the faster of two addresses is sought

  // Of the mail under way.
  std::string_view content_;  // what is left to send
  std::string reply_;
  char error_[CURL_ERROR_SIZE] = "";
  curl_slist* recipients_ = nullptr;
  Steady::time_point deadline_;
  std::optional<DeliveryResult> end_;  // set when we broke it off
};

DeliveryResult ClassifySmtp(int code, long reply_code, std::string_view error,
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

absl::StatusOr<SmtpTls> ParseSmtpTls(const std::string& text) {
  if (text == "none") return SmtpTls::kNone;
  if (text == "optional") return SmtpTls::kOptional;
  if (text == "required") return SmtpTls::kRequired;
  return absl::InvalidArgumentError("TLS for SMTP is " + Quote(text) +
                                    "; must be none, optional or required");
}

absl::StatusOr<std::unique_ptr<SmtpTransport>> SmtpTransport::Create(SmtpOptions options) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Url url, ParseUrl(options.url));
  if (url.scheme == "smtps") options.tls = SmtpTls::kRequired;
  if (options.connections < 1 || options.connections > 100) {
    return absl::InvalidArgumentError("the number of SMTP connections is " +
                                      std::to_string(options.connections) + "; must be 1 to 100");
  }
  if (!IsHostName(options.helo_name)) {
    return absl::InvalidArgumentError("the SMTP greeting " + Quote(options.helo_name) +
                                      " is no host name");
  }
  if (!options.user.empty() && options.tls != SmtpTls::kRequired && !IsThisMachine(url.host)) {
    return absl::InvalidArgumentError(
        "a login at an SMTP server needs TLS: require STARTTLS or use smtps://");
  }
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) return absl::InternalError("libcurl cannot be initialized");
  return std::unique_ptr<SmtpTransport>(new SmtpTransport(std::move(options)));
}

SmtpTransport::SmtpTransport(SmtpOptions options) : options_(std::move(options)) {
  for (int i = 0; i < options_.connections; ++i) threads_.emplace_back([this] { Work(); });
}

SmtpTransport::~SmtpTransport() { Shutdown(); }

void SmtpTransport::Shutdown() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  abandon_at_ = Steady::now() + absl::ToChronoMilliseconds(options_.drain_timeout);
  changed_.NotifyAll();
  FailWaiting({.outcome = Outcome::kTryLater, .detail = "smtp: shutting down"});
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void SmtpTransport::Deliver(Mail mail, DeliveryCallback done) {
  bool taken = false;
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(
          {.mail = std::move(mail),
           .done = std::move(done),
           .start_by = Steady::now() + absl::ToChronoMilliseconds(options_.queue_timeout)});
      taken = true;
    }
  }
  if (taken) return changed_.NotifyOne();
  std::move(done)({.outcome = Outcome::kTryLater, .detail = "smtp: shutting down"});
}

void SmtpTransport::Work() {
  Connection connection(options_, abandon_at_);
  while (std::optional<Job> job = NextJob()) {
    DeliveryResult result = connection.Send(job->mail);
    if (result.outcome == Outcome::kUnreachable) FailWaiting(result);
    std::move(job->done)(std::move(result));
  }
}

// The next mail that has not waited too long; nothing at the end.
std::optional<SmtpTransport::Job> SmtpTransport::NextJob() {
  for (;;) {
    std::optional<Job> job = WaitForJob();
    if (!job.has_value() || job->start_by >= Steady::now()) return job;
    std::move(job->done)({.outcome = Outcome::kTryLater,
                          .detail = "smtp: no connection became free within " +
                                    absl::FormatDuration(options_.queue_timeout)});
  }
}

std::optional<SmtpTransport::Job> SmtpTransport::WaitForJob() {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
  if (waiting_.empty()) return std::nullopt;
  std::optional<Job> job = std::move(waiting_.front());
  waiting_.pop_front();
  return job;
}

void SmtpTransport::FailWaiting(const DeliveryResult& result) {
  std::deque<Job> jobs;
  {
    MutexLock lock(mutex_);
    jobs.swap(waiting_);
  }
  for (Job& job : jobs) std::move(job.done)(result);
}

}  // namespace orderflow::email
