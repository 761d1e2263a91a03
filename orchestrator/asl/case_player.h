#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"

namespace orderflow::asl {

// A text member of an object, or an empty text.
std::string TextOf(const json::Value& object, std::string_view key);
std::string_view StatusName(Status status);

// Plays one execution of a recording: its clock jumps to the next thing that happens, and its
// Lambda functions, activity workers, callbacks and nested executions are played from the
// recording's data. Borrows the recording. One thread only.
class CasePlayer final : public EventSink {
 public:
  CasePlayer(const json::Value& recording, std::shared_ptr<const ExecutionContext> context,
             std::shared_ptr<const StateMachine> machine);

  // Who the recording's own execution is.
  static std::shared_ptr<const ExecutionContext> ContextOf(const json::Value& recording);

  // Plays until the end.
  void Play(const json::Value& input);
  const Complete& outcome() const { return outcome_; }
  absl::Time now() const { return now_; }
  // In the form of GetExecutionHistory.
  json::Value TakeHistory() { return json::Value::FromArray(std::move(events_)); }

  void OnEvent(HistoryEvent event) override;

 private:
  using What = decltype(Input::what);

  void Apply(What what);
  void Later(absl::Time due, What what) {
    pending_.emplace(std::pair(due, ++order_), std::move(what));
  }

  void Carry(const RunTask& task);
  void Carry(const SetTimer& timer) { Later(timer.due, TimerFired{timer.timer}); }
  void Carry(const CancelTimer&) {}  // WouldAccept turns it away
  void Carry(const CancelTask&) {}
  void Carry(const Complete& complete);

  void RunChild(const RunTask& task);
  void CallFunction(const RunTask& task, bool invoked);
  void CallBack(const RunTask& task);
  void WorkOnActivity(const RunTask& task);
  void StartNested(const RunTask& task);
  // What a worker or the holder of a token does, step by step; `$...` in it is `subject`.
  void AnswerAs(const RunTask& task, const json::Value& steps, std::string_view placeholder,
                const json::Value& subject);

  std::string NextRequestId();
  std::string RaisedCause(const json::Value& raised);
  json::Value Wrapped(const json::Value& parameters, const json::Value& payload);

  const json::Value& recording_;
  const std::shared_ptr<const ExecutionContext> context_;
  Execution execution_;
  json::Array events_;
  Complete outcome_{Status::kRunning, {}, {}, {}, {}};
  absl::Time now_;
  std::map<std::pair<absl::Time, int>, What> pending_;
  int order_ = 0;
  int requests_ = 0;
  size_t callbacks_ = 0;  // tasks submitted so far
};

}  // namespace orderflow::asl
