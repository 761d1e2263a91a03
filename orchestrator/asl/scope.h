#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/execution_context.h"
#include "orchestrator/asl/inspector.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/random.h"
#include "orchestrator/asl/task_token.h"

namespace orderflow::asl {

// The Context Object (`$$`): what an execution knows of itself at one moment. Built when something
// first asks for it. Borrows all that it is made of. One thread only.
class ContextObject {
 public:
  struct Sources {
    const ExecutionContext* execution = nullptr;
    const json::Value* execution_input = nullptr;
    int64_t redrive_count = 0;
    std::string_view state_name;
    absl::Time state_entered;
    std::optional<int> retry_count;     // of a Task; other states do not have it
    const json::Value* item = nullptr;  // of the innermost Map's iteration, with its index
    int64_t item_index = 0;
    AttemptId attempt = 0;  // whose token `$$.Task.Token` is; 0: there is none
    // Stands for all but `item` where it is not null.
    const json::Value* given = nullptr;
  };

  explicit ContextObject(const Sources& sources) : sources_(sources) {}
  const json::Value& value() const;
  absl::Time state_entered() const { return sources_.state_entered; }

 private:
  Sources sources_;
  mutable std::optional<json::Value> value_;
};

// The workflow variables that an expression may name.
class Variables {
 public:
  virtual ~Variables() = default;
  // nullptr where none of this name has been assigned.
  virtual const json::Value* Find(std::string_view name) const = 0;
};

// What an expression may see while it is evaluated. Borrows everything. One thread only.
struct Scope {
  const json::Value& input;  // `$`
  const ContextObject& context;
  Random& random;
  const Variables* variables = nullptr;  // null: there are none
  Inspector* inspector = nullptr;        // null: nobody watches

  Scope WithInput(const json::Value& other) const {
    return Scope{other, context, random, variables, inspector};
  }
  // What a path walks: nullptr where it begins with a variable that has not been assigned.
  const json::Value* Root(const Path& path) const;
};

}  // namespace orderflow::asl
