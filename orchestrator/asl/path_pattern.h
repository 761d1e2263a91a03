#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace orderflow::asl {

// The regular expression of a JSONPath filter, `?(@.name =~ /tea.*/i)`, which must match a text as
// a whole. RE2's syntax: what Java allows beyond it (looking around, references back) costs
// unbounded time. A match takes time linear in the text. Thread-safe.
class PathPattern {
 public:
  // `flags` of i (whatever the case), m (^ and $ match at lines) and s (a dot matches line ends).
  // Null and a problem where these are no flags or the expression is none.
  static std::shared_ptr<const PathPattern> Compile(std::string_view expression,
                                                    std::string_view flags, std::string& problem);
  explicit PathPattern(std::unique_ptr<const re2::RE2> expression);
  ~PathPattern();

  bool Matches(std::string_view text) const;

 private:
  const std::unique_ptr<const re2::RE2> expression_;
};

}  // namespace orderflow::asl
