#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/callback.h"

namespace orderflow::store {

// The engine's own number for an execution: ascending in the order of acceptance, unique in the
// store.
using ExecutionKey = int64_t;

enum class MachineType : uint8_t { kStandard = 0, kExpress = 1 };
enum class ExecutionStatus : uint8_t {
  kRunning = 0,
  kSucceeded = 1,
  kFailed = 2,
  kTimedOut = 3,
  kAborted = 4
};

// A state machine; a change of definition, role or logging makes a new revision and running
// executions keep theirs.
struct StateMachineRecord {
  std::string arn;
  std::string name;
  MachineType type = MachineType::kStandard;
  int64_t revision = 0;     // counts up over all machines: names one immutable definition
  std::string revision_id;  // UUID shown by the API
  std::string definition;   // as the caller sent it, substitutions not applied
  std::string role_arn;
  std::string logging;  // LoggingConfiguration as JSON text, empty if none
  std::string tags;     // JSON text, empty if none
  absl::Time create_time;
  absl::Time update_time;
};

// An execution as lists and descriptions show it. The row that Start writes holds the input: it is
// the journal's first record.
struct ExecutionRecord {
  ExecutionKey key = 0;
  std::string arn;
  std::string name;
  std::string state_machine_arn;
  int64_t revision = 0;
  std::string input;  // JSON text as given
  std::string trace_header;
  int64_t version = 0;  // of the state machine that it was started by; 0: by none
  std::string alias;    // that it was started by; empty: by none
  absl::Time start_time;
  ExecutionStatus status = ExecutionStatus::kRunning;
  std::optional<absl::Time> stop_time;
  std::optional<std::string> output;
  std::optional<std::string> error;
  std::optional<std::string> cause;
  std::string failed_state;
  int64_t events = 0;  // of its history at the end; 0: not known (running, or ended long ago)
  int64_t redrives = 0;
  std::optional<absl::Time> redrive_time = {};  // of the last one
  bool machine_deleted = false;
  // Of an execution that is a task of another one: the attempt that has started it, or redriven it
  // last; empty: it was started from outside.
  std::string origin = {};
  // Of one among those of a distributed Map: the map run, the Map state whose states it runs, and
  // how many items it was given.
  std::string map_run_arn = {};
  std::string map_state = {};
  int64_t items = 0;
  // Of the activities that its machine names those that did not exist when it was started: a JSON
  // list of ARNs, empty if none. Part of the journal's first record, as the input is.
  std::string missing_activities = {};
};

// One journaled input after the start. (execution, sequence) is the primary key: it fences a second
// writer.
struct JournalRecord {
  enum class Kind : int8_t {
    kTaskSucceeded = 1,
    kTaskFailed = 2,
    kTimerFired = 3,
    kHeartbeat = 4,
    kStop = 5,
    kTaskSubmitted = 6,
    kTaskStarted = 7,
    kRedriven = 8,
    kMapRunUpdated = 9,
    // One of the others, at which activities were missing: {"kind":..,"payload":..,"missing":[..]}.
    kActivitiesMissing = 10
  };
  ExecutionKey execution = 0;
  int64_t sequence = 0;  // from 1, without gaps
  Kind kind = Kind::kTaskSucceeded;
  absl::Time at;        // whole microseconds
  int64_t subject = 0;  // attempt or timer
  std::string
      payload;  // JSON text: the output, {"error":..,"cause":..}, or what else an input says
};

struct ExecutionEnd {
  ExecutionKey execution = 0;
  ExecutionStatus status = ExecutionStatus::kSucceeded;
  absl::Time stop_time;
  std::optional<std::string> output;
  std::optional<std::string> error;
  std::optional<std::string> cause;
  std::string failed_state;
  int64_t events = 0;  // of its history
};

// An execution that had ended without success goes on: its end is taken back.
struct ExecutionRedrive {
  ExecutionKey execution = 0;
  int64_t redrives = 0;  // so often now
  absl::Time time;
  std::string origin;  // the new one; empty: stays
};

// A map run that no row of a child execution tells of: the children are of type EXPRESS.
struct BegunMapRun {
  std::string arn;
  ExecutionKey execution = 0;  // that it is part of
};

// What one turn of a shard wants on disk, all or nothing, in this order.
struct Batch {
  std::vector<JournalRecord> records;
  std::vector<ExecutionRedrive> redrives = {};
  std::vector<ExecutionEnd> ends = {};
  std::vector<BegunMapRun> map_runs = {};  // known ones change nothing
};

struct StartOutcome {
  bool created = false;  // false: the name is known; `existing` says what runs under it
  std::optional<ExecutionRecord> existing;
};

struct ExecutionFilter {
  std::string state_machine_arn;          // empty: of all machines
  std::vector<ExecutionStatus> statuses;  // empty: any; else each at most once
  std::string error;                      // empty: any
  // Only those started by this version or alias of the one state machine; not with `error`, and
  // with one status at most.
  int64_t version = 0;
  std::string alias = {};
  // Not empty: the child executions of this map run, which no other list of a machine shows; what
  // else is asked for, but for the statuses, is not looked at.
  std::string map_run_arn = {};
  std::optional<bool> redriven = {};  // of a map run: only those that were redriven, or were not
};

// The journal: the only thing the engine waits for. Separate from the rest so that a simulator can
// stand in. Thread-safe. `done` runs on the store's thread and must not block.
class Journal {
 public:
  virtual ~Journal() = default;
  // Records a new execution durably, unless its (state machine, name) is known. The arn is made of
  // the two, and stands for them. A start that is repeated because its outcome is not known finds
  // itself in `existing`, with its own key. FAILED_PRECONDITION: the state machine revision does
  // not exist (any more). ABORTED: another execution has the key.
  virtual void Start(ExecutionRecord execution, Callback<StartOutcome> done) = 0;
  // Appends durably. ABORTED: another writer has the execution, has ended it or has redriven it.
  // UNAVAILABLE:
  // nothing was written, unless the database went away while it committed (PostgreSQL only): then
  // the same batch again answers ABORTED.
  virtual void Append(Batch batch, StatusCallback done) = 0;
};

// A page of a list, newest first; `next` is set where there is more. A page may be shorter than
// asked before the last one.
template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;
};

// Everything the orchestrator keeps: journal and visibility. One suite of tests states its
// contract, run on SQLite and PostgreSQL.
class ExecutionStore : public Journal {
 public:
  // State machines. ALREADY_EXISTS from Create: the name is taken (the existing record can be read
  // by arn). An update takes definition, role, logging and tags from `record`; the name, type and
  // time of creation stay.
  virtual void CreateStateMachine(StateMachineRecord record, Callback<StateMachineRecord> done) = 0;
  virtual void UpdateStateMachine(StateMachineRecord record,
                                  Callback<StateMachineRecord> done) = 0;  // NOT_FOUND
  virtual void DeleteStateMachine(
      std::string arn, StatusCallback done) = 0;  // OK if it is not there; running executions go on
  virtual void GetStateMachine(std::string arn,
                               Callback<StateMachineRecord> done) = 0;  // NOT_FOUND
  virtual void GetRevision(int64_t revision,
                           Callback<StateMachineRecord> done) = 0;  // also of deleted machines
  virtual void ListStateMachines(int page_size, std::string page_token,
                                 Callback<Page<StateMachineRecord>> done) = 0;

  // Executions. A page token is opaque; INVALID_ARGUMENT for one that this list (with this filter)
  // did not give.
  virtual void GetExecution(std::string arn, Callback<ExecutionRecord> done) = 0;  // NOT_FOUND
  virtual void ListExecutions(ExecutionFilter filter, int page_size, std::string page_token,
                              Callback<Page<ExecutionRecord>> done) = 0;
  // The journal of one execution from `from_sequence` on, in order.
  virtual void ReadJournal(ExecutionKey execution, int64_t from_sequence,
                           Callback<std::vector<JournalRecord>> done) = 0;

  // Recovery: running executions with key > `after`, ascending, at most `limit`, each with its
  // journal.
  struct Unfinished {
    ExecutionRecord execution;
    std::vector<JournalRecord> journal;
  };
  virtual void ReadUnfinished(ExecutionKey after, int limit,
                              Callback<std::vector<Unfinished>> done) = 0;
  // The largest key in use, 0 if there is none.
  virtual void GetLastKey(Callback<ExecutionKey> done) = 0;
  // OK when the database answers.
  virtual void Check(StatusCallback done) = 0;
};

}  // namespace orderflow::store
