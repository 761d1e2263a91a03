#pragma once

// Numbers about the running process, as Prometheus reads them. Whoever counts holds a plain object
// (Counter, Gauge, Histogram, RpcMethod) and pays an atomic addition; names and labels are only
// looked at when somebody scrapes.
//
//   metrics::Counter& mails = metrics::Default().AddCounter("orderflow_mails_sent_total", "Mails
//   delivered."); mails.Add();
//
// Names are snake_case with unit and, for counters, "_total" at the end, as Prometheus asks.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace orderflow::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Only grows. Thread-safe, as the classes below.
class Counter {
 public:
  void Add(int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Goes up and down.
class Gauge {
 public:
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// How long things took, from half a millisecond to half a minute.
class Histogram {
 public:
  // Upper bounds of the buckets in seconds; one more bucket takes the rest.
  static constexpr std::array<double, 15> kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

  void Observe(absl::Duration duration) { ObserveNanos(absl::ToInt64Nanoseconds(duration)); }
  void ObserveNanos(int64_t nanos);
  int64_t count() const;
  int64_t sum_nanos() const { return sum_nanos_.load(std::memory_order_relaxed); }
  // Not cumulative; kBounds.size() + 1 of them.
  int64_t bucket(size_t index) const { return buckets_[index].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<int64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<int64_t> sum_nanos_{0};
};

// The calls of one RPC method that this process has served.
class RpcMethod {
 public:
  static constexpr int kCodes = 17;

  void Start() { started_.Add(); }
  // `code` is a gRPC code, which has the numbers of absl::StatusCode.
  void Finish(absl::StatusCode code, int64_t nanos) {
    const int index = static_cast<int>(code);
    by_code_[index >= 0 && index < kCodes ? index : static_cast<int>(absl::StatusCode::kUnknown)]
        .ObserveNanos(nanos);
  }
  int64_t started() const { return started_.value(); }
  const Histogram& by_code(int code) const { return by_code_[code]; }

 private:
  Counter started_;
  std::array<Histogram, kCodes> by_code_;
};

class Registry;

// Keeps a callback registered while it lives. When its destructor returns, the callback neither
// runs nor will.
class [[nodiscard]] Registration {
 public:
  Registration() = default;
  Registration(Registration&& other) noexcept
      : registry_(std::exchange(other.registry_, nullptr)), id_(other.id_) {}
  Registration& operator=(Registration&& other) noexcept;
  ~Registration() { Reset(); }
  void Reset();

 private:
  friend class Registry;
  Registration(Registry* registry, int64_t id) : registry_(registry), id_(id) {}

  Registry* registry_ = nullptr;
  int64_t id_ = 0;
};

enum class Kind { kCounter, kGauge };

// One number of a metric at the time of a scrape.
struct Sample {
  Labels labels;
  double value = 0;
};

// All metrics of a process. What an Add method answers lives as long as the registry; a second call
// with the same name and labels answers the same object.
//
// Thread-safe.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& AddHistogram(std::string_view name, std::string_view help, const Labels& labels = {});
  RpcMethod& AddRpcMethod(std::string_view service, std::string_view method);
  // A number that is asked for at each scrape; `read` must not block or call the registry.
  Registration AddCallback(Kind kind, std::string_view name, std::string_view help,
                           const Labels& labels, std::function<double()> read);
  // The same for numbers whose labels are known at the scrape only, such as the products that run
  // low. Keep them few: Prometheus keeps a series for each set of labels that it ever saw.
  Registration AddCollector(Kind kind, std::string_view name, std::string_view help,
                            std::function<std::vector<Sample>()> read);

  // The text that a scrape answers.
  std::string Text() const;

 private:
  friend class Registration;
  friend class Endpoint;
  class Families;

  std::shared_ptr<Families> families_;
};

// The one that the process's endpoint serves; never destroyed.
Registry& Default();

// Registers what every process tells of itself in the default registry: orderflow_build_info,
// resident memory, CPU time, open files, start time, log lines dropped. Once, from main.
void RegisterProcess(std::string_view service);

}  // namespace orderflow::metrics
