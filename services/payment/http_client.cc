#include "services/payment/http_client.h"

#include <curl/curl.h>

#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "common/base/check.h"
#include "common/base/mutex.h"

namespace orderflow::payment {
namespace {

// Once per process, before any thread uses libcurl.
void InitializeCurl() {
  static const bool initialized = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  ORDERFLOW_CHECK(initialized);
}

// One request on its way.
class Transfer {
 public:
  Transfer(HttpRequest request, const HttpClient::Options& options, Callback<HttpResponse> done)
      : request_(std::move(request)),
        max_bytes_(options.max_response_bytes),
        easy_(curl_easy_init()),
        done_(std::move(done)) {
    ORDERFLOW_CHECK(easy_ != nullptr);
    for (const std::string& header : request_.headers)
      headers_ = curl_slist_append(headers_, header.c_str());
    curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    if (request_.method == "POST") {
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, static_cast<long>(request_.body.size()));
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    }
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(options.timeout)));
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
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

  CURL* easy() const { return easy_; }

  void Finish(CURLcode code) {
    if (too_large_) {
      return Fail("the answer has more than " + std::to_string(max_bytes_) + " bytes");
    }
    if (code != CURLE_OK) return Fail(curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    std::move(done_)(std::move(response_));
  }
  void Fail(const std::string& why) { std::move(done_)(absl::UnavailableError(why)); }

 private:
  static size_t OnBody(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.too_large_ = transfer.response_.body.size() + size > transfer.max_bytes_;
    if (transfer.too_large_) return 0;  // ends the transfer
    transfer.response_.body.append(data, size);
    return size;
  }
  static size_t OnHeader(char* data, size_t, size_t size, void* self) {
    if (absl::StartsWithIgnoreCase(absl::string_view(data, size), "idempotent-replayed: true")) {
      static_cast<Transfer*>(self)->response_.replayed = true;
    }
    return size;
  }

  const HttpRequest request_;
  const size_t max_bytes_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  HttpResponse response_;
  bool too_large_ = false;
  Callback<HttpResponse> done_;
};

}  // namespace

// The thread and what it works on.
class HttpClient::Loop {
 public:
  explicit Loop(Options options) : options_(options), multi_(curl_multi_init()) {
    ORDERFLOW_CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options_.max_connections));
    thread_ = std::thread([this] { Run(); });
  }
  ~Loop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    FailArriving();  // what callbacks of the last requests have sent
    curl_multi_cleanup(multi_);
  }

  void Send(HttpRequest request, Callback<HttpResponse> done) {
    auto transfer = std::make_unique<Transfer>(std::move(request), options_, std::move(done));
    {
      MutexLock lock(mutex_);
      arriving_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  void Run() {
    while (Begin()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      FinishDone();
      // Wakes up for traffic, timeouts of libcurl's own, and curl_multi_wakeup.
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    for (auto& [easy, transfer] : under_way_) {
      curl_multi_remove_handle(multi_, easy);
      transfer->Fail("the client is shutting down");
    }
    under_way_.clear();
  }

  void FailArriving() {
    std::vector<std::unique_ptr<Transfer>> arrived;
    {
      MutexLock lock(mutex_);
      arrived.swap(arriving_);
    }
    for (auto& transfer : arrived) transfer->Fail("the client is shutting down");
  }

  // Takes up new requests; false when it is time to stop.
  bool Begin() {
    std::vector<std::unique_ptr<Transfer>> arrived;
    bool stopping = false;
    {
      MutexLock lock(mutex_);
      arrived.swap(arriving_);
      stopping = stopping_;
    }
    for (auto& transfer : arrived) {
      CURL* easy = transfer->easy();
      under_way_[easy] = std::move(transfer);
      curl_multi_add_handle(multi_, easy);
    }
    return !stopping;
  }

  void FinishDone() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi_, easy);
      const auto found = under_way_.find(easy);
      std::unique_ptr<Transfer> transfer = std::move(found->second);
      under_way_.erase(found);
      transfer->Finish(code);
    }
  }

  const Options options_;
  CURLM* const multi_;
  absl::flat_hash_map<CURL*, std::unique_ptr<Transfer>> under_way_;  // the thread's own
  Mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> arriving_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

HttpClient::HttpClient(Options options) {
  InitializeCurl();
  loop_ = std::make_unique<Loop>(options);
}

HttpClient::~HttpClient() = default;

void HttpClient::Send(HttpRequest request, Callback<HttpResponse> done) {
  loop_->Send(std::move(request), std::move(done));
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

}  // namespace orderflow::payment
