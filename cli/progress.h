#pragma once

#include <iosfwd>
#include <string>

#include "absl/time/time.h"

namespace orderflow::order::v1 {
class WatchOrderResponse;
}

namespace orderflow::cli {

// Shows an order's progress as its events come in: one line per state with how it ended and how
// long it took, and one for each failed try of a task. In a terminal the state at work is shown,
// too, and its line is rewritten when it ends.
//
// One thread only. Borrows the stream.
class Progress {
 public:
  Progress(std::ostream& out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void OnEvent(const order::v1::WatchOrderResponse& event);

 private:
  void OpenState(std::string name, absl::Time at);
  void CloseState(bool ended_well, absl::Time at);
  void ShowStateAtWork();
  void ClearLine();

  std::ostream& out_;
  const bool is_terminal_;
  std::string state_;  // at work; empty if none is
  absl::Time entered_;
  bool last_try_failed_ = false;
};

}  // namespace orderflow::cli
