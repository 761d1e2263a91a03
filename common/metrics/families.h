#pragma once

// The registry's inside. Private to common/metrics: it brings prometheus-cpp's headers.

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "common/metrics/metrics.h"

namespace orderflow::metrics {

// Thread-safe.
class Registry::Families final : public prometheus::Collectable {
 public:
  template <typename Metric>
  struct Named {
    std::string name;
    std::string help;
    Labels labels;
    Metric metric;
  };
  struct Callback {
    Kind kind;
    std::string name;
    std::string help;
    std::function<std::vector<Sample>()> read;
  };

  template <typename Metric>
  Metric& Add(std::deque<Named<Metric>>& list, std::string_view name, std::string_view help,
              const Labels& labels);
  RpcMethod& AddRpcMethod(std::string_view service, std::string_view method);
  int64_t AddCallback(Callback callback);
  void RemoveCallback(int64_t id);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  friend class Registry;
  static void CollectRpcMethod(const Named<RpcMethod>& named,
                               std::map<std::string, prometheus::MetricFamily>& families);

  mutable Mutex mutex_;
  // Deques, because their elements stay where they are. The lists are guarded by mutex_ (they are
  // handed to Add by reference, which the annotation cannot express); the metrics in them are
  // atomic.
  std::deque<Named<Counter>> counters_;
  std::deque<Named<Gauge>> gauges_;
  std::deque<Named<Histogram>> histograms_;
  std::deque<Named<RpcMethod>> rpc_methods_;
  std::map<int64_t, Callback> callbacks_ ABSL_GUARDED_BY(mutex_);
  int64_t last_callback_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace orderflow::metrics
