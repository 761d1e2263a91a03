#include "orchestrator/api/order_progress.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/order_outcome.h"

namespace orderflow::api {
namespace {

using order::v1::Order;
using order::v1::WatchOrderResponse;

constexpr size_t kMaxDetail = 500;

std::string TextOf(const json::Value& details, std::string_view member) {
  const json::Value* value = details.Find(member);
  return value != nullptr && value->IsString() ? value->AsString() : std::string();
}

// One line: control characters would let a cause paint the reader's terminal.
std::string OneLine(std::string text) {
  if (text.size() > kMaxDetail) {
    size_t end = kMaxDetail;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

std::string DetailOf(const asl::HistoryEvent& event) {
  const std::string error = TextOf(event.details, "error");
  const std::string cause = TextOf(event.details, "cause");
  if (error.empty()) return OneLine(cause);
  return OneLine(cause.empty() ? error : absl::StrCat(error, ": ", cause));
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsOfTheExecution(std::string_view type) { return type.substr(0, 9) == "Execution"; }

// The order before its end.
Order InProgress(store::ExecutionRecord record) {
  record.status = store::ExecutionStatus::kRunning;
  return ToOrder(std::move(record));
}

}  // namespace

const std::string& OrderProgress::StateOf(const asl::HistoryEvent& event) {
  std::string state;
  if (EndsWith(event.type, "StateEntered") || EndsWith(event.type, "StateExited")) {
    state = TextOf(event.details, "name");
  } else if (!IsOfTheExecution(event.type)) {
    const auto before = states_.find(event.previous_id);
    if (before != states_.end()) state = before->second;
  }
  return states_[event.id] = std::move(state);
}

std::vector<WatchOrderResponse> OrderProgress::Messages(ExecutionFollower::Step step) {
  const Order in_progress = InProgress(step.record);
  std::vector<WatchOrderResponse> messages;
  for (const asl::HistoryEvent& event : step.events) {
    WatchOrderResponse& message = messages.emplace_back();
    message.set_event_id(event.id);
    message.set_event_type(std::string(event.type));
    message.set_state(StateOf(event));
    SetTimestamp(event.at, *message.mutable_time());
    message.set_detail(DetailOf(event));
    *message.mutable_order() = in_progress;
  }
  if (step.last) {
    if (messages.empty()) messages.emplace_back();
    *messages.back().mutable_order() = ToOrder(std::move(step.record));
  }
  return messages;
}

}  // namespace orderflow::api
