#include "cli/progress.h"

#include <ostream>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/table.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::cli {
namespace {

constexpr size_t kStateColumn = 24;
constexpr size_t kDetailWidth = 160;

bool IsExecutionEvent(const std::string& type) { return absl::StartsWith(type, "Execution"); }
bool IsFailure(const std::string& type) {
  return absl::EndsWith(type, "Failed") || absl::EndsWith(type, "TimedOut") ||
         absl::EndsWith(type, "Aborted");
}

std::string Padded(const std::string& name) {
  const std::string printable = Printable(name);
  const size_t width = DisplayWidth(printable);
  return absl::StrCat(printable, std::string(width < kStateColumn ? kStateColumn - width : 1, ' '));
}

}  // namespace

Progress::~Progress() { ClearLine(); }

void Progress::OnEvent(const order::v1::WatchOrderResponse& event) {
  const std::string& type = event.event_type();
  const absl::Time at = ToTime(event.time());
  if (absl::EndsWith(type, "StateEntered")) {
    OpenState(event.state(), at);
  } else if (absl::EndsWith(type, "StateExited")) {
    CloseState(!last_try_failed_, at);
  } else if (IsExecutionEvent(type)) {
    if (IsFailure(type)) CloseState(false, at);
  } else if (IsFailure(type)) {
    last_try_failed_ = true;
    ClearLine();
    out_ << "  ! " << Padded(event.state()) << Shortened(Printable(event.detail()), kDetailWidth)
         << "\n";
    ShowStateAtWork();
  } else if (absl::EndsWith(type, "Scheduled")) {
    last_try_failed_ = false;
  }
  out_.flush();
}

void Progress::OpenState(std::string name, absl::Time at) {
  state_ = std::move(name);
  entered_ = at;
  last_try_failed_ = false;
  ShowStateAtWork();
}

void Progress::ShowStateAtWork() {
  if (is_terminal_ && !state_.empty()) out_ << "  … " << Printable(state_);
}

void Progress::CloseState(bool ended_well, absl::Time at) {
  if (state_.empty()) return;
  ClearLine();
  out_ << (ended_well ? "  ✓ " : "  ✗ ") << Padded(state_) << FormatLength(at - entered_) << "\n";
  state_.clear();
}

void Progress::ClearLine() {
  if (is_terminal_ && !state_.empty()) out_ << "\r\x1b[K";
}

}  // namespace orderflow::cli
