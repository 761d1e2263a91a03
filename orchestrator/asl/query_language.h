#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/scope.h"
#include "orchestrator/asl/state_type.h"

namespace orderflow::asl {

// What a machine or a state names as its language; reports what is none.
inline std::optional<std::string> TakeLanguageName(ObjectReader& fields) {
  return fields.TakeOneOf("QueryLanguage", {"JSONPath", "JSONata"});
}
inline constexpr std::string_view kNoJsonata =
    "Query language 'JSONata' is not supported yet by this engine";

// The seam behind which the ways to write expressions stand: JSONPath today. A language compiles
// the fields of a state that it owns when a definition is parsed; the interpreter only evaluates
// what came out and knows no language. Everything compiled is thread-safe: it does not change. What
// evaluates costs time in proportion to the data, within bounds, and gives the same for the same
// scope.

// How data goes through a state.
class DataFlow {
 public:
  virtual ~DataFlow() = default;

  // What the state's other expressions see as their input. `scope.input` is the state's raw input,
  // here and below in Output; it is the view in Arguments.
  virtual Evaluated<json::Value> View(const Scope& scope) const = 0;
  // What a Task is given, what a Pass passes on.
  virtual Evaluated<json::Value> Arguments(const Scope& scope) const = 0;
  // The state's output, made of its raw input and its result.
  virtual Evaluated<json::Value> Output(const Scope& scope, const json::Value& result) const = 0;

  // How large what comes out can be, given how large what goes in is. Lets the interpreter watch
  // over the size of the data without measuring all of it in every state.
  struct OutputBound {
    bool combines =
        false;  // false: the output is no more than the raw input, or no more than the result
    size_t extra_bytes = 0;  // otherwise it is no larger than raw input + result + this,
    int extra_depth = 0;     // and no deeper than the raw input, or than the result + this
  };
  // Nothing where an output may hold a part more than once.
  virtual std::optional<OutputBound> BoundOfOutput() const = 0;
  // Whether View and Arguments give no more than the raw input or a part of it.
  virtual bool ArgumentsAreBounded() const = 0;
};

// What a Map makes its iterations of. `scope.input` is the state's view (see DataFlow).
class ItemFlow {
 public:
  virtual ~ItemFlow() = default;
  // The list to go through.
  virtual Evaluated<json::Value> Items(const Scope& scope) const = 0;
  // Whether an iteration is given something else than the item itself: Item tells what, with
  // `$$.Map.Item` in the scope's Context Object.
  virtual bool SelectsItems() const = 0;
  virtual Evaluated<json::Value> Item(const Scope& scope) const = 0;
};

// A value written in a field, as itself or as an expression.
class Expression {
 public:
  virtual ~Expression() = default;
  // The value, of the field's type (see FieldType). A failure says what the field is and what it
  // found.
  virtual Evaluated<json::Value> Evaluate(const Scope& scope) const = 0;
};

// An Assign field: new values for variables.
class Assignment {
 public:
  virtual ~Assignment() = default;
  // An object: name of a variable to its new value. `scope.input` is the state's raw input;
  // `result` is what the state made: a task's answer, a Pass's result, the view of a Choice or
  // Wait, in a Catch the error's object.
  virtual Evaluated<json::Value> Values(const Scope& scope, const json::Value& result) const = 0;
  // The names, as the definition has them.
  virtual std::vector<std::string> Names() const = 0;
};

// The condition of a Choice rule.
class Condition {
 public:
  virtual ~Condition() = default;
  virtual Evaluated<bool> Holds(const Scope& scope) const = 0;
};

// What a Catch makes of the error's object; `scope.input` is the state's raw input.
class CatchOutput {
 public:
  virtual ~CatchOutput() = default;
  virtual Evaluated<json::Value> Output(const Scope& scope, const json::Value& error) const = 0;
};

enum class FieldType : uint8_t {
  kSeconds,          // an integer from 0 to 99,999,999
  kPositiveSeconds,  // the same without 0
  kTimestamp,        // a text that ParseTimestamp reads
  kText,
  kCount,       // an integer from 0; a text that reads as one will do
  kPercentage,  // a number from 0 to 100, or a text that reads as one
};

class QueryLanguage {
 public:
  virtual ~QueryLanguage() = default;
  virtual std::string_view name() const = 0;

  // Each takes the fields it knows from `fields` and reports what is wrong with them. What comes
  // back is never null if nothing was reported.
  virtual std::unique_ptr<const DataFlow> CompileDataFlow(StateType type,
                                                          ObjectReader& fields) const = 0;
  virtual std::unique_ptr<const ItemFlow> CompileItemFlow(ObjectReader& fields) const = 0;
  virtual std::unique_ptr<const CatchOutput> CompileCatchOutput(ObjectReader& catcher) const = 0;
  // Takes the comparison of a Choice rule; `rule` keeps Next and Comment for the caller.
  virtual std::unique_ptr<const Condition> CompileCondition(ObjectReader& rule) const = 0;
  // Null where there is no Assign.
  virtual std::unique_ptr<const Assignment> CompileAssignment(ObjectReader& fields) const = 0;
  // A field that is JSON with expressions in it, as Credentials is. Null where it is absent.
  virtual std::unique_ptr<const Expression> CompileTemplate(std::string_view name,
                                                            ObjectReader& fields) const = 0;
  // Null where the field is absent in each of its forms (`Seconds` and `SecondsPath`, in JSONPath).
  virtual std::unique_ptr<const Expression> CompileField(std::string_view name, FieldType type,
                                                         ObjectReader& fields) const = 0;
};

// The language of this name, or nullptr where this engine does not have it. Lives for the whole
// process.
const QueryLanguage* FindQueryLanguage(std::string_view name);

}  // namespace orderflow::asl
