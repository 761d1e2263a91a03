#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/engine.h"

namespace orderflow::engine {

// Whether an event of this type is logged at this level.
bool IsLogged(LogLevel level, std::string_view event_type);

// The event as Step Functions writes it to CloudWatch Logs: one line of JSON without the line
// break. Without `execution_data` inputs, outputs and causes are left out.
std::string ExecutionLogLine(std::string_view execution_arn, const asl::HistoryEvent& event,
                             bool execution_data, int64_t redrive_count);

// The end of an EXPRESS execution, of which nothing else remains: one line of JSON without the line
// break.
std::string ExpressEndLine(std::string_view execution_arn, const ExecutionResult& result);

// The details of an event without inputs, outputs, variables and causes: what is shown to those who
// may not see data.
json::Value WithoutExecutionData(const json::Value& details);

// Keeps events until the input that caused them is durable.
class EventBuffer final : public asl::EventSink {
 public:
  explicit EventBuffer(std::vector<asl::HistoryEvent>& events) : events_(events) {}
  void OnEvent(asl::HistoryEvent event) override { events_.push_back(std::move(event)); }

 private:
  std::vector<asl::HistoryEvent>& events_;
};

}  // namespace orderflow::engine
