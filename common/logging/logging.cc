#include "common/logging/logging.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/quote.h"
#include "common/json/value.h"

namespace orderflow::logging {

namespace internal {
std::atomic<int> level{static_cast<int>(Level::kWarning)};
}  // namespace internal

namespace {

// What Configure made. Kept by shared pointers, so that a line logged during Shutdown finds all of
// it or nothing.
struct Backend {
  std::string service;
  std::shared_ptr<spdlog::details::thread_pool> pool;  // null: lines are written at once
  std::shared_ptr<spdlog::logger> logger;
};

Mutex backend_mutex;
std::shared_ptr<Backend>& BackendSlot() ABSL_EXCLUSIVE_LOCKS_REQUIRED(backend_mutex) {
  static auto* const slot = new std::shared_ptr<Backend>();
  return *slot;
}

std::shared_ptr<Backend> CurrentBackend() {
  MutexLock lock(backend_mutex);
  return BackendSlot();
}

std::shared_ptr<Backend> ExchangeBackend(std::shared_ptr<Backend> next) {
  MutexLock lock(backend_mutex);
  BackendSlot().swap(next);
  return next;
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarning:
      return "WARNING";
    case Level::kError:
      return "ERROR";
    case Level::kOff:
      break;
  }
  return "OFF";
}

void AppendValue(const Field::Value& value, std::string& out) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    json::AppendQuoted(*text, out);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    out += std::to_string(*number);
  } else if (const auto* fraction = std::get_if<double>(&value)) {
    if (std::isfinite(*fraction)) {
      json::AppendDouble(*fraction, out);
    } else {
      out += "null";
    }
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "true" : "false";
  } else {
    out += std::get<Json>(value).text;
  }
}

}  // namespace

absl::StatusOr<Level> ParseLevel(std::string_view name) {
  if (name == "debug") return Level::kDebug;
  if (name == "info") return Level::kInfo;
  if (name == "warning") return Level::kWarning;
  if (name == "error") return Level::kError;
  if (name == "off") return Level::kOff;
  return absl::InvalidArgumentError("log level " + Quote(name) +
                                    " is not one of debug, info, warning, error, off");
}

void Configure(const Options& options) {
  auto backend = std::make_shared<Backend>();
  backend->service = options.service;
  auto sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  if (options.queue_lines == 0) {
    backend->logger = std::make_shared<spdlog::logger>("orderflow", std::move(sink));
  } else {
    backend->pool = std::make_shared<spdlog::details::thread_pool>(options.queue_lines, 1);
    backend->logger = std::make_shared<spdlog::async_logger>(
        "orderflow", std::move(sink), backend->pool, spdlog::async_overflow_policy::overrun_oldest);
  }
  backend->logger->set_pattern("%v");
  backend->logger->set_level(spdlog::level::trace);
  // A line that cannot be written (a closed pipe) is lost; telling so on every line would not help.
  backend->logger->set_error_handler([](const std::string&) {});
  ExchangeBackend(std::move(backend));
  SetLevel(options.level);
}

void Shutdown() {
  // The pool's destructor writes out what is queued, then joins its thread.
  ExchangeBackend(nullptr);
  SetLevel(Level::kWarning);
}

void SetLevel(Level level) {
  internal::level.store(static_cast<int>(level), std::memory_order_relaxed);
}

int64_t DroppedLines() {
  const std::shared_ptr<Backend> backend = CurrentBackend();
  const bool queues = backend != nullptr && backend->pool != nullptr;
  return queues ? static_cast<int64_t>(backend->pool->overrun_counter()) : 0;
}

void AppendLine(int64_t time_micros, Level level, std::string_view service,
                std::string_view message, Fields fields, std::string& out) {
  out += "{\"time\":\"";
  out += absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", absl::FromUnixMicros(time_micros),
                          absl::UTCTimeZone());
  out += "\",\"level\":\"";
  out += LevelName(level);
  out += '"';
  if (!service.empty()) {
    out += ",\"service\":";
    json::AppendQuoted(service, out);
  }
  out += ",\"message\":";
  json::AppendQuoted(message, out);
  for (const Field& field : fields) {
    out += ',';
    json::AppendQuoted(field.key(), out);
    out += ':';
    AppendValue(field.value(), out);
  }
  out += '}';
}

void internal::Write(Level level, std::string_view message, Fields fields) {
  thread_local std::string line;  // keeps its capacity from line to line
  line.clear();
  const std::shared_ptr<Backend> backend = CurrentBackend();
  AppendLine(absl::GetCurrentTimeNanos() / 1000, level,
             backend ? std::string_view(backend->service) : "", message, fields, line);
  if (backend == nullptr) {
    std::fprintf(stderr, "%s\n", line.c_str());
    return;
  }
  backend->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::string MaskEmail(std::string_view email) {
  const size_t at = email.rfind('@');
  if (at == std::string_view::npos || at == 0) return "***";
  return std::string(email.substr(0, 1)).append("***").append(email.substr(at));
}

std::string RedactUrl(std::string_view url) {
  const size_t scheme = url.find("://");
  // libpq's other notation, or anything else that is not a URL but may hold a password.
  if (scheme == std::string_view::npos)
    return url.find("password") == std::string_view::npos ? std::string(url) : "***";
  std::string out(url.substr(0, scheme + 3));
  std::string_view rest = url.substr(scheme + 3);
  // The last "@" of all: a password that was not percent-encoded may contain "@", "/" and "?".
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, std::min(rest.find(':'), at));
    out.append(user).append(user.size() < at ? ":***" : "");
    rest.remove_prefix(at);
  }
  const size_t query = rest.find('?');
  out.append(rest.substr(0, query));
  if (query != std::string_view::npos) out += "?***";
  return out;
}

}  // namespace orderflow::logging
