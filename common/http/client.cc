#include "common/http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/mutex.h"

namespace orderflow::http {
namespace {

// Once per process, before any thread uses libcurl.
void InitializeCurl() {
  static const bool initialized = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  ORDERFLOW_CHECK(initialized);
}

// Not the wall clock, which may jump.
using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;

constexpr long kMaxMilliseconds = 24L * 60 * 60 * 1000;
// libcurl counts whole milliseconds, so its timer may be a little ahead of ours.
constexpr absl::Duration kTimerSlack = absl::Milliseconds(5);

// Rounded up; 0 would mean to libcurl that there is no limit.
long Milliseconds(absl::Duration duration) {
  const int64_t whole = absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1)));
  return std::clamp<int64_t>(whole, 1, kMaxMilliseconds);
}

absl::Duration Left(SteadyTime deadline) { return absl::FromChrono(deadline - SteadyClock::now()); }

// "host:port" as it stands in a URL.
std::string_view Authority(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?"));
}

// One request on its way.
class Transfer {
 public:
  Transfer(Client::Ticket ticket, Request request, const Client::Options& options,
           Callback<Response> done)
      : ticket_(ticket),
        request_(std::move(request)),
        max_bytes_(options.max_response_bytes),
        deadline_(SteadyClock::now() + std::chrono::milliseconds(Milliseconds(
                                           request_.timeout.value_or(options.timeout)))),
        easy_(curl_easy_init()),
        done_(std::move(done)) {
    ORDERFLOW_CHECK(easy_ != nullptr);
    curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    for (const std::string& header : request_.headers) AddHeader(header);
    if (request_.signature != nullptr) Sign(*request_.signature);
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    SetMethod();
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
    // An answer may take minutes, longer than a firewall remembers a silent connection.
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  }
  ~Transfer() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Client::Ticket ticket() const { return ticket_; }
  SteadyTime deadline() const { return deadline_; }

  // The handle, which libcurl may work on from now on.
  CURL* Begin() {
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, Milliseconds(Left(deadline_)));
    return easy_;
  }
  CURL* easy() const { return easy_; }

  void Finish(CURLcode code) {
    if (too_large_) {
      return std::move(done_)(absl::ResourceExhaustedError(
          absl::StrCat("the answer has more than ", max_bytes_, " bytes")));
    }
    // Connecting has a limit of its own.
    const bool late = Left(deadline_) <= kTimerSlack;
    if (code == CURLE_OPERATION_TIMEDOUT && late) return TimeOut();
    if (code != CURLE_OK) return Fail(curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    std::move(done_)(std::move(response_));
  }
  void Fail(const std::string& why) { std::move(done_)(absl::UnavailableError(why)); }
  void TimeOut() { std::move(done_)(absl::DeadlineExceededError("Timeout was reached")); }

 private:
  void SetMethod() {
    if (request_.method == "HEAD") {
      curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);  // waits for no body of the answer, too
      return;
    }
    if (request_.method == "GET" && request_.body.empty()) return;
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, static_cast<long>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    if (request_.method != "POST")
      curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  void AddHeader(const std::string& header) {
    headers_ = curl_slist_append(headers_, header.c_str());
  }

  void Sign(const AwsSignature& signature) {
    const std::string scope = absl::StrCat("aws:amz:", signature.region, ":", signature.service);
    curl_easy_setopt(easy_, CURLOPT_AWS_SIGV4, scope.c_str());
    curl_easy_setopt(easy_, CURLOPT_USERNAME, signature.access_key_id.c_str());
    curl_easy_setopt(easy_, CURLOPT_PASSWORD, signature.secret_access_key.c_str());
    // Said here, as libcurl would sign the host without its port, which is not what it sends.
    AddHeader(absl::StrCat("Host: ", std::string(Authority(request_.url))));
    if (!signature.session_token.empty())
      AddHeader("X-Amz-Security-Token: " + signature.session_token);
  }

  static size_t OnBody(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.too_large_ = transfer.response_.body.size() + size > transfer.max_bytes_;
    if (transfer.too_large_) return 0;  // ends the transfer
    transfer.response_.body.append(data, size);
    return size;
  }

  static size_t OnHeader(char* data, size_t, size_t size, void* self) {
    Response& response = static_cast<Transfer*>(self)->response_;
    auto& headers = response.headers;
    const absl::string_view line(data, size);
    const size_t colon = line.find(':');
    if (absl::StartsWith(line, "HTTP/")) {
      headers.clear();  // of a 100 Continue before
      // HTTP/1.1 200 OK
      const size_t reason = line.find(' ', std::min(line.find(' '), line.size() - 1) + 1);
      response.reason = reason == absl::string_view::npos
                            ? std::string()
                            : std::string(absl::StripAsciiWhitespace(line.substr(reason)));
    } else if (colon != absl::string_view::npos) {
      headers.emplace_back(line.substr(0, colon),
                           absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
    return size;
  }

  const Client::Ticket ticket_;
  const Request request_;
  const size_t max_bytes_;
  const SteadyTime deadline_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  Response response_;
  bool too_large_ = false;
  Callback<Response> done_;
};

}  // namespace

std::string_view Response::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, absl::string_view(name.data(), name.size()))) return value;
  }
  return {};
}

// The thread and what it works on.
class Client::Loop {
 public:
  explicit Loop(Options options) : options_(options), multi_(curl_multi_init()) {
    ORDERFLOW_CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
    thread_ = std::thread([this] { Run(); });
  }
  ~Loop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    // What callbacks of the last requests have sent.
    for (auto& transfer : TakeArrivals().transfers) transfer->Fail(kShuttingDown);
    curl_multi_cleanup(multi_);
  }

  Ticket Send(Request request, Callback<Response> done) {
    const Ticket ticket = ++last_ticket_;
    auto transfer =
        std::make_unique<Transfer>(ticket, std::move(request), options_, std::move(done));
    {
      MutexLock lock(mutex_);
      arrivals_.transfers.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
    return ticket;
  }

  void Cancel(Ticket ticket) {
    {
      MutexLock lock(mutex_);
      arrivals_.cancelled.push_back(ticket);
    }
    curl_multi_wakeup(multi_);
  }

 private:
  static constexpr char kShuttingDown[] = "the client is shutting down";

  // What other threads ask for.
  struct Arrivals {
    std::vector<std::unique_ptr<Transfer>> transfers;
    std::vector<Ticket> cancelled;  // after the transfers
    bool stopping = false;
  };

  void Run() {
    while (TakeUp(TakeArrivals())) {
      FailLate();
      BeginWaiting();
      int running = 0;
      curl_multi_perform(multi_, &running);
      FinishDone();
      // Also wakes up for traffic, timeouts of libcurl's own, and curl_multi_wakeup.
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(PollMilliseconds()), nullptr);
    }
    for (auto& [ticket, transfer] : waiting_) transfer->Fail(kShuttingDown);
    for (auto& [ticket, transfer] : under_way_) {
      curl_multi_remove_handle(multi_, transfer->easy());
      transfer->Fail(kShuttingDown);
    }
    waiting_.clear();
    under_way_.clear();
  }

  Arrivals TakeArrivals() {
    MutexLock lock(mutex_);
    Arrivals arrived = std::exchange(arrivals_, {});
    arrived.stopping = stopping_;
    return arrived;
  }

  // False when it is time to stop.
  bool TakeUp(Arrivals arrived) {
    for (auto& transfer : arrived.transfers) {
      deadlines_.emplace(transfer->deadline(), transfer->ticket());
      waiting_[transfer->ticket()] = std::move(transfer);
    }
    for (const Ticket ticket : arrived.cancelled) {
      TakeWaiting(ticket);
      TakeUnderWay(ticket);
    }
    return !arrived.stopping;
  }

  // libcurl watches the time of those under way, but it knows nothing of those that wait.
  void FailLate() {
    const SteadyTime now = SteadyClock::now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now)
      TakeWaiting(deadlines_.begin()->second)->TimeOut();
  }

  void BeginWaiting() {
    const auto limit = static_cast<size_t>(options_.max_connections);
    while (!waiting_.empty() && under_way_.size() < limit) {
      std::unique_ptr<Transfer> transfer = TakeWaiting(waiting_.begin()->first);
      curl_multi_add_handle(multi_, transfer->Begin());
      under_way_[transfer->ticket()] = std::move(transfer);
    }
  }

  void FinishDone() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      Transfer* done = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &done);
      TakeUnderWay(done->ticket())->Finish(code);
    }
  }

  long PollMilliseconds() const {
    constexpr long kLongest = 1000;
    const bool more =
        !waiting_.empty() && under_way_.size() < static_cast<size_t>(options_.max_connections);
    if (more) return 0;  // some have just ended
    if (deadlines_.empty()) return kLongest;
    return std::min(kLongest, Milliseconds(Left(deadlines_.begin()->first)));
  }

  // These take a transfer out, if it is there.
  std::unique_ptr<Transfer> TakeWaiting(Ticket ticket) {
    const auto found = waiting_.find(ticket);
    if (found == waiting_.end()) return nullptr;
    std::unique_ptr<Transfer> transfer = std::move(found->second);
    waiting_.erase(found);
    deadlines_.erase({transfer->deadline(), ticket});
    return transfer;
  }
  std::unique_ptr<Transfer> TakeUnderWay(Ticket ticket) {
    const auto found = under_way_.find(ticket);
    if (found == under_way_.end()) return nullptr;
    std::unique_ptr<Transfer> transfer = std::move(found->second);
    under_way_.erase(found);
    curl_multi_remove_handle(multi_, transfer->easy());
    return transfer;
  }

  const Options options_;
  CURLM* const multi_;
  std::atomic<Ticket> last_ticket_ = 0;

  // The thread's own.
  std::map<Ticket, std::unique_ptr<Transfer>> waiting_;  // in their order
  std::set<std::pair<SteadyTime, Ticket>> deadlines_;    // of those that wait
  absl::flat_hash_map<Ticket, std::unique_ptr<Transfer>> under_way_;

  Mutex mutex_;
  Arrivals arrivals_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Client::Client(Options options) {
  InitializeCurl();
  loop_ = std::make_unique<Loop>(options);
}

Client::~Client() = default;

Client::Ticket Client::Send(Request request, Callback<Response> done) {
  return loop_->Send(std::move(request), std::move(done));
}

void Client::Cancel(Ticket ticket) { loop_->Cancel(ticket); }

std::string UrlDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                           absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]));
    if (!is_escape) {
      decoded += text[i];
      continue;
    }
    decoded += absl::HexStringToBytes(absl::string_view(text.data() + i + 1, 2));
    i += 2;
  }
  return decoded;
}

std::string UrlEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return encoded;
}

}  // namespace orderflow::http
