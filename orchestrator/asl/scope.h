#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/execution_context.h"
#include "orchestrator/asl/random.h"

namespace orderflow::asl {

// The Context Object (`$$`): what an execution knows of itself at one moment. Built when something
// first asks for it. Borrows all that it is made of. One thread only.
class ContextObject {
 public:
  struct Sources {
    const ExecutionContext* execution = nullptr;
    const json::Value* execution_input = nullptr;
    std::string_view state_name;
    absl::Time state_entered;
    std::optional<int> retry_count;     // of a Task; other states do not have it
    const json::Value* item = nullptr;  // of the innermost Map's iteration, with its index
    int64_t item_index = 0;
  };

  explicit ContextObject(const Sources& sources) : sources_(sources) {}
  const json::Value& value() const;
  absl::Time state_entered() const { return sources_.state_entered; }

 private:
  Sources sources_;
  mutable std::optional<json::Value> value_;
};

// What an expression may see while it is evaluated. Borrows everything. One thread only.
struct Scope {
  const json::Value& input;  // `$`
  const ContextObject& context;
  Random& random;

  Scope WithInput(const json::Value& other) const { return Scope{other, context, random}; }
};

}  // namespace orderflow::asl
