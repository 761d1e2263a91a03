#pragma once

// For tests: the Lambda Runtime API on this machine, with a list of invocations to hand out. When
// they are used up it answers 500, which ends a loop over it.

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace orderflow::lambda {

// Thread-safe. Must outlive its client.
class TestRuntimeApi {
 public:
  struct Event {
    std::string body = "{}";
    absl::Duration time_left = absl::Seconds(10);
    // The connection is closed behind the event, as if the sandbox had been frozen for long.
    bool then_close = false;
  };
  struct Posted {
    std::string target;
    std::string body;
    std::string error_type;  // the header Lambda-Runtime-Function-Error-Type
  };

  explicit TestRuntimeApi(std::vector<Event> events);
  ~TestRuntimeApi();

  std::string endpoint() const { return endpoint_; }
  // What POSTs to targets with this end are answered, instead of 202.
  void AnswerPostsTo(std::string end, int status);
  std::vector<Posted> posted() const;
  int connections() const;

 private:
  class Listener;
  void Serve();
  void ServeConnection();

  std::unique_ptr<Listener> listener_;
  std::string endpoint_;
  mutable Mutex mutex_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
  std::vector<Posted> posted_ ABSL_GUARDED_BY(mutex_);
  std::string refused_end_ ABSL_GUARDED_BY(mutex_);
  int refused_status_ ABSL_GUARDED_BY(mutex_) = 202;
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  int handed_out_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace orderflow::lambda
