#pragma once

// Structured logs: one JSON object a line, on standard output.
//
//   logging::Info("order received", {{"order_id", id}, {"quantity", quantity}});
//   {"time":"2026-01-31T12:00:00.123456Z","level":"INFO","service":"receive","message":"order
//   received","order_id":"7","quantity":2}
//
// The calling thread makes the line and queues it; a thread of the logger writes it. When the queue
// is full, the oldest lines are dropped rather than the caller held up (DroppedLines counts them).
// Never log a token, a password or a whole e-mail address: MaskEmail and RedactUrl help.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"

namespace orderflow::logging {

enum class Level : int { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3, kOff = 4 };

// "debug", "info", "warning", "error" or "off". INVALID_ARGUMENT otherwise.
absl::StatusOr<Level> ParseLevel(std::string_view name);

// A text that is JSON already and goes into the line as it is; one line, checked by whoever made
// it.
struct Json {
  std::string_view text;
};

// A key and its value, borrowed for the length of the call.
class Field {
 public:
  using Value = std::variant<std::string_view, int64_t, double, bool, Json>;

  Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  Field(std::string_view key, const std::string& value)
      : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, double value) : key_(key), value_(value) {}
  Field(std::string_view key, Json value) : key_(key), value_(value) {}
  template <std::same_as<bool> T>
  Field(std::string_view key, T value) : key_(key), value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Field(std::string_view key, T value)
      : key_(key), value_(static_cast<int64_t>(value)) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

using Fields = std::initializer_list<Field>;

struct Options {
  std::string service;  // the field "service" of every line
  Level level = Level::kInfo;
  // Lines that may wait to be written. Each takes about 500 bytes, whether used or not. 0: the
  // calling thread writes its lines itself, where the process may be stopped at any time.
  size_t queue_lines = 1024;
};

// Starts the logger. Before that, warnings and errors go to standard error at once. Call it from
// main, once.
void Configure(const Options& options);
// Writes out what is queued and goes back to the state before Configure; for the end of main.
void Shutdown();
// May be called at any time.
void SetLevel(Level level);
// How many lines the full queue has cost.
int64_t DroppedLines();

namespace internal {
extern std::atomic<int> level;
void Write(Level level, std::string_view message, Fields fields);
}  // namespace internal

// Whether a line of this level would be written: for callers whose fields cost something to make.
inline bool IsOn(Level level) {
  return static_cast<int>(level) >= internal::level.load(std::memory_order_relaxed);
}

inline void Log(Level level, std::string_view message, Fields fields = {}) {
  if (IsOn(level)) internal::Write(level, message, fields);
}
inline void Debug(std::string_view message, Fields fields = {}) {
  Log(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, Fields fields = {}) {
  Log(Level::kInfo, message, fields);
}
inline void Warning(std::string_view message, Fields fields = {}) {
  Log(Level::kWarning, message, fields);
}
inline void Error(std::string_view message, Fields fields = {}) {
  Log(Level::kError, message, fields);
}

// The line itself, without its line feed: what Write queues. `time_micros` since the epoch.
void AppendLine(int64_t time_micros, Level level, std::string_view service,
                std::string_view message, Fields fields, std::string& out);

// "u***@example.com" for "user@example.com"; "***" where there is no address to recognise.
std::string MaskEmail(std::string_view email);
// A URL without the password and the query it may carry: "postgresql://user:***@host/db".
std::string RedactUrl(std::string_view url);

}  // namespace orderflow::logging
