#include "orchestrator/engine/journal_codec.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/json/value.h"

namespace orderflow::engine {
namespace {

using store::JournalRecord;

// How a child execution ended.
constexpr std::string_view kTimedOut = "TIMED_OUT";
constexpr std::string_view kAborted = "ABORTED";

// {"error":..,"cause":..} without the members that are absent. "ended" is there if it is not
// kFailed.
std::string EncodeError(const std::optional<std::string>& error,
                        const std::optional<std::string>& cause,
                        asl::ChildEnd end = asl::ChildEnd::kFailed) {
  json::Members members;
  if (error) members.push_back({"error", json::Value(*error)});
  if (cause) members.push_back({"cause", json::Value(*cause)});
  if (end == asl::ChildEnd::kTimedOut) members.push_back({"ended", json::Value(kTimedOut)});
  if (end == asl::ChildEnd::kAborted) members.push_back({"ended", json::Value(kAborted)});
  return json::Serialize(json::Value::FromMembers(std::move(members)));
}

json::Value ListOf(const std::vector<std::string>& texts) {
  json::Array items;
  for (const std::string& text : texts) items.push_back(json::Value(text));
  return json::Value::FromArray(std::move(items));
}

// False: it is no list of texts.
bool ReadTexts(const json::Value* list, std::vector<std::string>& texts) {
  if (list == nullptr || !list->IsArray()) return false;
  for (const json::Value& item : list->AsArray()) {
    if (!item.IsString()) return false;
    texts.push_back(item.AsString());
  }
  return true;
}

// Puts a record into one that says which activities were missing. The payload is kept as a text, so
// that what comes out is what went in.
void NoteMissing(const std::vector<std::string>& missing, JournalRecord& record) {
  record.payload =
      json::Serialize(json::Value::Object({{"kind", static_cast<int64_t>(record.kind)},
                                           {"payload", json::Value(std::move(record.payload))},
                                           {"missing", ListOf(missing)}}));
  record.kind = JournalRecord::Kind::kActivitiesMissing;
}

struct Encoder {
  JournalRecord& record;

  void operator()(const asl::Start&) const { ORDERFLOW_CHECK(!"a start is not journaled"); }
  void operator()(const asl::TaskSucceeded& input) const {
    Set(JournalRecord::Kind::kTaskSucceeded, input.attempt);
    json::AppendSerialized(input.output, record.payload);
  }
  void operator()(const asl::TaskFailed& input) const {
    Set(JournalRecord::Kind::kTaskFailed, input.attempt);
    record.payload = EncodeError(input.failure.error, input.failure.cause, input.failure.child_end);
  }
  void operator()(const asl::TaskSubmitted& input) const {
    Set(JournalRecord::Kind::kTaskSubmitted, input.attempt);
    json::AppendSerialized(input.output, record.payload);
  }
  void operator()(const asl::TaskStarted& input) const {
    Set(JournalRecord::Kind::kTaskStarted, input.attempt);
    if (input.worker) json::AppendQuoted(*input.worker, record.payload);
  }
  void operator()(const asl::Redriven& input) const {
    Set(JournalRecord::Kind::kRedriven, 0);
    json::Members members;
    if (!input.token.empty()) members.push_back({"token", json::Value(input.token)});
    if (!input.origin.empty()) members.push_back({"origin", json::Value(input.origin)});
    record.payload = json::Serialize(json::Value::FromMembers(std::move(members)));
  }
  void operator()(const asl::MapRunUpdated& input) const {
    Set(JournalRecord::Kind::kMapRunUpdated, 0);
    json::Members members = {{"map_run", json::Value(input.map_run_arn)}};
    if (input.max_concurrency)
      members.push_back({"max_concurrency", json::Value(*input.max_concurrency)});
    if (input.tolerated_failure_count)
      members.push_back({"tolerated_failure_count", json::Value(*input.tolerated_failure_count)});
    if (input.tolerated_failure_percentage) {
      members.push_back(
          {"tolerated_failure_percentage", json::Value(*input.tolerated_failure_percentage)});
    }
    record.payload = json::Serialize(json::Value::FromMembers(std::move(members)));
  }
  void operator()(const asl::TimerFired& input) const {
    Set(JournalRecord::Kind::kTimerFired, input.timer);
  }
  void operator()(const asl::Heartbeat& input) const {
    Set(JournalRecord::Kind::kHeartbeat, input.attempt);
  }
  void operator()(const asl::Stop& input) const {
    Set(JournalRecord::Kind::kStop, 0);
    record.payload = EncodeError(input.error, input.cause);
  }

 private:
  void Set(JournalRecord::Kind kind, int64_t subject) const {
    record.kind = kind;
    record.subject = subject;
  }
};

absl::Status Corrupt(const JournalRecord& record, std::string_view what) {
  return absl::DataLossError(absl::StrCat("journal record ", record.sequence, " of execution ",
                                          record.execution, ": ", std::string(what)));
}

absl::StatusOr<json::Value> ParsePayload(const JournalRecord& record) {
  json::ParseResult parsed = json::Parse(record.payload);
  if (!parsed.value) return Corrupt(record, parsed.error->message);
  return *std::move(parsed.value);
}

std::optional<double> NumberMember(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || !member->IsNumber()) return std::nullopt;
  return member->AsDouble();
}

std::optional<int64_t> IntMember(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || !member->IsInt()) return std::nullopt;
  return member->AsInt();
}

std::optional<std::string> TextMember(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || !member->IsString()) return std::nullopt;
  return member->AsString();
}

// What NoteMissing has put into one record.
struct NotedRecord {
  JournalRecord record;
  std::vector<std::string> missing;
};

absl::StatusOr<NotedRecord> ReadNoted(const JournalRecord& record) {
  ORDERFLOW_ASSIGN_OR_RETURN(const json::Value payload, ParsePayload(record));
  const std::optional<int64_t> kind = IntMember(payload, "kind");
  const std::optional<std::string> inner = TextMember(payload, "payload");
  NotedRecord noted{record, {}};
  if (!kind || *kind >= static_cast<int64_t>(record.kind) || !inner ||
      !ReadTexts(payload.Find("missing"), noted.missing))
    return Corrupt(record, "a note of missing activities that is none");
  noted.record.kind = static_cast<JournalRecord::Kind>(*kind);
  noted.record.payload = *inner;
  return noted;
}

}  // namespace

JournalRecord EncodeInput(store::ExecutionKey execution, int64_t sequence,
                          const asl::Input& input) {
  JournalRecord record;
  record.execution = execution;
  record.sequence = sequence;
  record.at = input.at;
  std::visit(Encoder{record}, input.what);
  if (!input.missing_activities.empty()) NoteMissing(input.missing_activities, record);
  return record;
}

absl::StatusOr<asl::Input> DecodeRecord(const JournalRecord& record) {
  switch (record.kind) {
    case JournalRecord::Kind::kTaskSucceeded: {
      ORDERFLOW_ASSIGN_OR_RETURN(json::Value output, ParsePayload(record));
      return asl::Input{record.at, asl::TaskSucceeded{record.subject, std::move(output)}};
    }
    case JournalRecord::Kind::kTaskFailed: {
      ORDERFLOW_ASSIGN_OR_RETURN(const json::Value payload, ParsePayload(record));
      if (!payload.IsObject()) return Corrupt(record, "a failure that is no object");
      asl::Failure failure{TextMember(payload, "error"), TextMember(payload, "cause")};
      const std::optional<std::string> ended = TextMember(payload, "ended");
      if (ended == kTimedOut) failure.child_end = asl::ChildEnd::kTimedOut;
      if (ended == kAborted) failure.child_end = asl::ChildEnd::kAborted;
      return asl::Input{record.at, asl::TaskFailed{record.subject, std::move(failure)}};
    }
    case JournalRecord::Kind::kTaskSubmitted: {
      ORDERFLOW_ASSIGN_OR_RETURN(json::Value output, ParsePayload(record));
      return asl::Input{record.at, asl::TaskSubmitted{record.subject, std::move(output)}};
    }
    case JournalRecord::Kind::kTaskStarted: {
      asl::TaskStarted started{record.subject, std::nullopt};
      if (!record.payload.empty()) {
        ORDERFLOW_ASSIGN_OR_RETURN(const json::Value worker, ParsePayload(record));
        if (!worker.IsString()) return Corrupt(record, "a worker's name that is no text");
        started.worker = worker.AsString();
      }
      return asl::Input{record.at, std::move(started)};
    }
    case JournalRecord::Kind::kRedriven: {
      ORDERFLOW_ASSIGN_OR_RETURN(const json::Value payload, ParsePayload(record));
      return asl::Input{record.at, asl::Redriven{TextMember(payload, "token").value_or(""),
                                                 TextMember(payload, "origin").value_or("")}};
    }
    case JournalRecord::Kind::kMapRunUpdated: {
      ORDERFLOW_ASSIGN_OR_RETURN(const json::Value payload, ParsePayload(record));
      return asl::Input{record.at,
                        asl::MapRunUpdated{TextMember(payload, "map_run").value_or(""),
                                           IntMember(payload, "max_concurrency"),
                                           IntMember(payload, "tolerated_failure_count"),
                                           NumberMember(payload, "tolerated_failure_percentage")}};
    }
    case JournalRecord::Kind::kTimerFired:
      return asl::Input{record.at, asl::TimerFired{record.subject}};
    case JournalRecord::Kind::kHeartbeat:
      return asl::Input{record.at, asl::Heartbeat{record.subject}};
    case JournalRecord::Kind::kStop: {
      ORDERFLOW_ASSIGN_OR_RETURN(const json::Value payload, ParsePayload(record));
      return asl::Input{record.at,
                        asl::Stop{TextMember(payload, "error"), TextMember(payload, "cause")}};
    }
    case JournalRecord::Kind::kActivitiesMissing: {
      ORDERFLOW_ASSIGN_OR_RETURN(const NotedRecord noted, ReadNoted(record));
      ORDERFLOW_ASSIGN_OR_RETURN(asl::Input input, DecodeRecord(noted.record));
      input.missing_activities = noted.missing;
      return input;
    }
  }
  return Corrupt(record, absl::StrCat("unknown kind ", static_cast<int>(record.kind)));
}

bool IsRedrive(const JournalRecord& record) {
  if (record.kind != JournalRecord::Kind::kActivitiesMissing)
    return record.kind == JournalRecord::Kind::kRedriven;
  const absl::StatusOr<NotedRecord> noted = ReadNoted(record);
  return noted.ok() && IsRedrive(noted->record);
}

std::string EncodeActivities(const std::vector<std::string>& arns) {
  return arns.empty() ? std::string() : json::Serialize(ListOf(arns));
}

absl::StatusOr<asl::Input> DecodeStart(const store::ExecutionRecord& execution) {
  json::ParseResult parsed = json::Parse(execution.input);
  if (!parsed.value) {
    return absl::DataLossError(absl::StrCat("the input of execution ", execution.arn,
                                            " is no JSON: ", parsed.error->message));
  }
  asl::Input start{execution.start_time, asl::Start{*std::move(parsed.value)}};
  if (execution.missing_activities.empty()) return start;
  parsed = json::Parse(execution.missing_activities);
  if (!parsed.value || !ReadTexts(&*parsed.value, start.missing_activities)) {
    return absl::DataLossError(absl::StrCat("the missing activities of execution ", execution.arn,
                                            " are no list of ARNs"));
  }
  return start;
}

store::ExecutionStatus ToStoreStatus(asl::Status status) {
  switch (status) {
    case asl::Status::kRunning:
      break;
    case asl::Status::kSucceeded:
      return store::ExecutionStatus::kSucceeded;
    case asl::Status::kFailed:
      return store::ExecutionStatus::kFailed;
    case asl::Status::kTimedOut:
      return store::ExecutionStatus::kTimedOut;
    case asl::Status::kAborted:
      return store::ExecutionStatus::kAborted;
  }
  return store::ExecutionStatus::kRunning;
}

}  // namespace orderflow::engine
