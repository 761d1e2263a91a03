#include "common/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <deque>
#include <map>

#include "common/base/status.h"
#include "common/metrics/families.h"

namespace orderflow::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::vector<ClientMetric::Label> ToLabels(const Labels& labels) {
  std::vector<ClientMetric::Label> out;
  for (const auto& [name, value] : labels) out.push_back({name, value});
  return out;
}

ClientMetric::Histogram ToHistogram(const Histogram& histogram) {
  ClientMetric::Histogram out;
  uint64_t cumulative = 0;
  for (size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    cumulative += static_cast<uint64_t>(histogram.bucket(i));
    const double bound = i < Histogram::kBounds.size() ? Histogram::kBounds[i]
                                                       : std::numeric_limits<double>::infinity();
    out.bucket.push_back({cumulative, bound});
  }
  out.sample_count = cumulative;
  out.sample_sum = static_cast<double>(histogram.sum_nanos()) / 1e9;
  return out;
}

MetricFamily& FamilyOf(std::map<std::string, MetricFamily>& families, const std::string& name,
                       const std::string& help, MetricType type) {
  MetricFamily& family = families[name];
  if (family.name.empty()) {
    family.name = name;
    family.help = help;
    family.type = type;
  }
  return family;
}

}  // namespace

void Histogram::ObserveNanos(int64_t nanos) {
  const double seconds = static_cast<double>(nanos) / 1e9;
  const size_t index = static_cast<size_t>(
      std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin());
  buckets_[index].fetch_add(1, std::memory_order_relaxed);
  sum_nanos_.fetch_add(nanos, std::memory_order_relaxed);
}

int64_t Histogram::count() const {
  int64_t count = 0;
  for (const auto& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
  return count;
}

template <typename Metric>
Metric& Registry::Families::Add(std::deque<Named<Metric>>& list, std::string_view name,
                                std::string_view help, const Labels& labels) {
  MutexLock lock(mutex_);
  for (Named<Metric>& known : list) {
    if (known.name == name && known.labels == labels) return known.metric;
  }
  Named<Metric>& added = list.emplace_back();
  added.name = name;
  added.help = help;
  added.labels = labels;
  return added.metric;
}

RpcMethod& Registry::Families::AddRpcMethod(std::string_view service, std::string_view method) {
  return Add(rpc_methods_, "", "",
             {{"grpc_service", std::string(service)}, {"grpc_method", std::string(method)}});
}

int64_t Registry::Families::AddCallback(Callback callback) {
  MutexLock lock(mutex_);
  callbacks_.emplace(++last_callback_, std::move(callback));
  return last_callback_;
}

void Registry::Families::RemoveCallback(int64_t id) {
  MutexLock lock(mutex_);
  callbacks_.erase(id);
}

std::vector<MetricFamily> Registry::Families::Collect() const {
  std::map<std::string, MetricFamily> families;
  // Callbacks run under the lock: that is how Registration's destructor knows that none is running.
  MutexLock lock(mutex_);
  for (const auto& named : counters_) {
    ClientMetric metric;
    metric.label = ToLabels(named.labels);
    metric.counter.value = static_cast<double>(named.metric.value());
    FamilyOf(families, named.name, named.help, MetricType::Counter)
        .metric.push_back(std::move(metric));
  }
  for (const auto& named : gauges_) {
    ClientMetric metric;
    metric.label = ToLabels(named.labels);
    metric.gauge.value = static_cast<double>(named.metric.value());
    FamilyOf(families, named.name, named.help, MetricType::Gauge)
        .metric.push_back(std::move(metric));
  }
  for (const auto& named : histograms_) {
    ClientMetric metric;
    metric.label = ToLabels(named.labels);
    metric.histogram = ToHistogram(named.metric);
    FamilyOf(families, named.name, named.help, MetricType::Histogram)
        .metric.push_back(std::move(metric));
  }
  for (const auto& [id, callback] : callbacks_) {
    const bool counter = callback.kind == Kind::kCounter;
    MetricFamily& family = FamilyOf(families, callback.name, callback.help,
                                    counter ? MetricType::Counter : MetricType::Gauge);
    for (const Sample& sample : callback.read()) {
      ClientMetric metric;
      metric.label = ToLabels(sample.labels);
      (counter ? metric.counter.value : metric.gauge.value) = sample.value;
      family.metric.push_back(std::move(metric));
    }
  }
  for (const auto& named : rpc_methods_) CollectRpcMethod(named, families);
  std::vector<MetricFamily> out;
  for (auto& [name, family] : families) out.push_back(std::move(family));
  return out;
}

void Registry::Families::CollectRpcMethod(const Named<RpcMethod>& named,
                                          std::map<std::string, MetricFamily>& families) {
  // The names that the gRPC middleware of other languages uses, so that common dashboards fit.
  MetricFamily& started =
      FamilyOf(families, "grpc_server_started_total", "RPCs begun.", MetricType::Counter);
  MetricFamily& handled = FamilyOf(families, "grpc_server_handled_total",
                                   "RPCs answered, by status code.", MetricType::Counter);
  MetricFamily& latency = FamilyOf(families, "grpc_server_handling_seconds",
                                   "How long RPCs took, by status code.", MetricType::Histogram);
  ClientMetric metric;
  metric.label = ToLabels(named.labels);
  metric.counter.value = static_cast<double>(named.metric.started());
  started.metric.push_back(metric);
  for (int code = 0; code < RpcMethod::kCodes; ++code) {
    const Histogram& histogram = named.metric.by_code(code);
    if (code != 0 && histogram.count() == 0) continue;  // OK is there from the start, for rates
    ClientMetric by_code;
    by_code.label = ToLabels(named.labels);
    by_code.label.push_back(
        {"grpc_code", std::string(StatusCodeName(static_cast<absl::StatusCode>(code)))});
    by_code.counter.value = static_cast<double>(histogram.count());
    handled.metric.push_back(by_code);
    by_code.counter.value = 0;
    by_code.histogram = ToHistogram(histogram);
    latency.metric.push_back(std::move(by_code));
  }
}

Registry::Registry() : families_(std::make_shared<Families>()) {}
Registry::~Registry() = default;

Counter& Registry::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return families_->Add(families_->counters_, name, help, labels);
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return families_->Add(families_->gauges_, name, help, labels);
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  const Labels& labels) {
  return families_->Add(families_->histograms_, name, help, labels);
}

RpcMethod& Registry::AddRpcMethod(std::string_view service, std::string_view method) {
  return families_->AddRpcMethod(service, method);
}

Registration Registry::AddCallback(Kind kind, std::string_view name, std::string_view help,
                                   const Labels& labels, std::function<double()> read) {
  return AddCollector(kind, name, help, [labels, read = std::move(read)] {
    return std::vector<Sample>{{labels, read()}};
  });
}

Registration Registry::AddCollector(Kind kind, std::string_view name, std::string_view help,
                                    std::function<std::vector<Sample>()> read) {
  return Registration(this, families_->AddCallback({.kind = kind,
                                                    .name = std::string(name),
                                                    .help = std::string(help),
                                                    .read = std::move(read)}));
}

std::string Registry::Text() const {
  return prometheus::TextSerializer().Serialize(families_->Collect());
}

Registration& Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    Reset();
    registry_ = std::exchange(other.registry_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Registration::Reset() {
  if (Registry* registry = std::exchange(registry_, nullptr))
    registry->families_->RemoveCallback(id_);
}

Registry& Default() {
  static auto* const registry = new Registry();
  return *registry;
}

}  // namespace orderflow::metrics
