#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/rpc/module.h"

namespace orderflow::rpc {

// Asks a module every few seconds whether it is ready and passes changes on. An answer that does
// not come within `timeout` counts as "not ready".
//
// Thread-safe. Borrows the module, which must outlive it; a late answer of the module does no harm.
class ReadinessProbe {
 public:
  // `report` is called from the probe's thread, for the first answer and for each change. The
  // constructor returns after the first one.
  ReadinessProbe(Module& module, absl::Duration interval, absl::Duration timeout,
                 std::function<void(bool)> report);
  ~ReadinessProbe();

 private:
  struct Answer;

  void Run();
  absl::Status Ask();
  void Report(const absl::Status& status);

  Module& module_;
  const absl::Duration interval_;
  const absl::Duration timeout_;
  const std::function<void(bool)> report_;
  Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool first_done_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<bool> ready_;  // the thread's own
  std::thread thread_;
};

}  // namespace orderflow::rpc
