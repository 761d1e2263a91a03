#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace orderflow::asl {

class PathFilter;

// Whether a variable may have this name: up to 80 letters, digits and '_', no digit in front.
bool IsVariableName(std::string_view name);

// A JSONPath, parsed once when a definition is read and then only walked.
//
//   std::string problem;
//   std::optional<Path> path = Path::Parse("$.items[?(@.price > 10)].name", problem);
//   PathResult found = path->Evaluate(input);   // a list, because the path is not definite
//
// A definite path (names and single indexes) yields one value or nothing; any other yields a list,
// empty where nothing matches. A path that begins with `$$` walks the Context Object, one that
// begins with `$name` a variable. Thread-safe: it does not change.
class Path {
 public:
  // One way down the tree.
  struct Step {
    enum class Kind : uint8_t { kName, kIndex, kNames, kIndexes, kSlice, kWildcard, kFilter };
    Kind kind = Kind::kName;
    bool descend = false;  // `..`: applies to every value below as well
    std::string name;
    int64_t index = 0;  // negative: from the end
    std::vector<std::string> names;
    std::vector<int64_t> indexes;
    std::optional<int64_t> from, to, step;  // of a slice
    std::shared_ptr<const PathFilter> filter;
  };

  // Why nothing was found or a walk was given up.
  struct Result {
    std::optional<json::Value> value;
    bool too_expensive = false;  // more than kMaxVisits values would have been looked at
    // The path ends with an index that the array there does not reach: `value` is null. Where only
    // what is really there counts, that is nothing.
    bool past_the_end = false;
  };

  // Limits on what a definition may ask for.
  static constexpr size_t kMaxSteps = 128;
  static constexpr int kMaxFilterDepth = 16;
  static constexpr int64_t kMaxVisits = 1'000'000;

  // Parses a whole text; `problem` says what is wrong where nothing comes back.
  static std::optional<Path> Parse(std::string_view text, std::string& problem);
  // Parses the path that `text` begins with and sets `length` to its size: for paths among other
  // text.
  static std::optional<Path> ParsePrefix(std::string_view text, size_t& length,
                                         std::string& problem);

  const std::string& text() const { return text_; }
  // Where it begins; scope.h knows the values.
  bool from_context() const { return from_context_; }
  const std::string& variable() const { return variable_; }  // empty: from no variable
  bool from_input() const { return !from_context_ && variable_.empty(); }
  bool is_root() const { return steps_.empty(); }
  const std::vector<Step>& steps() const { return steps_; }
  bool is_definite() const { return definite_; }
  // Whether it names exactly one place (names and indexes from `$`), so that a result can be put
  // there.
  bool is_reference() const { return simple_ && from_input(); }

  Result Evaluate(const json::Value& root) const;

  // The one value of a definite path, without a copy; nullptr where there is none. Needs
  // is_simple().
  bool is_simple() const { return simple_; }
  const json::Value* Find(const json::Value& root) const { return Find(root, steps_.size()); }

  // Why a definite path found nothing in `root`.
  std::string DescribeMiss(const json::Value& root) const;
  // That it indexes what is no array; nothing where it does not.
  std::optional<std::string> DescribeMisuse(const json::Value& root) const;

  // `root` with `value` at the place of this reference path; objects on the way are created.
  // Nothing where the path leads through a value that is neither object nor array, or past the end
  // of an array.
  std::optional<json::Value> Put(const json::Value& root, json::Value value) const;

 private:
  friend class PathParser;
  friend class PathFilter;

  // Where the first `count` steps lead.
  const json::Value* Find(const json::Value& root, size_t count) const;
  bool ends_with_index() const {
    return !steps_.empty() && steps_.back().kind == Step::Kind::kIndex;
  }

  // The values that the path selects, at most `visits` steps away.
  bool Select(const json::Value& root, const json::Value& document, int64_t& visits,
              std::vector<const json::Value*>& found) const;

  std::string text_;
  std::vector<Step> steps_;
  std::string variable_;
  bool from_context_ = false;
  bool definite_ = true;  // yields one value
  bool simple_ = true;    // kName and kIndex steps only
};

}  // namespace orderflow::asl
