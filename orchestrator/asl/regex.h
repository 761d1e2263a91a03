#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace orderflow::asl {

// A regular expression in a filter, `@.name =~ /order-[0-9]+/i`. Takes memory and time within
// bounds, whatever the expression and the text: what needs more (references back, looking around)
// is refused.
// Thread-safe: it does not change.
class Regex {
 public:
  static constexpr size_t kMaxBytes = 1000;

  // `flags`: i ignores case, s lets a dot match the end of a line, m lets ^ and $ match at lines; d
  // and u say what holds anyhow. `problem` says what is wrong where nothing comes back.
  static std::optional<Regex> Compile(std::string_view pattern, std::string_view flags,
                                      std::string& problem);

  // Whether it matches all of `text`, which is UTF-8.
  bool Matches(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace orderflow::asl
