#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace orderflow::asl {

// Compares what the interpreter gives with what was recorded on the real service, by the rules of
// the recordings: parts that differ from run to run are ignored or written as wildcards, JSON
// inside strings is compared as JSON, numbers by value, and a few members may be missing or more.
//
// One per case, because a numbered wildcard stands for one text in the whole case. One thread only.
class RecordingMatcher {
 public:
  RecordingMatcher(std::vector<std::string> ignored_paths, std::vector<std::string> wildcards);

  // The first difference, or an empty text. `path` is where the two stand below the case's
  // `expect`, its parts separated by '/'.
  std::string Compare(const json::Value& expected, const json::Value& actual,
                      const std::string& path);

 private:
  bool IsIgnored(const std::string& path) const;
  std::string CompareObjects(const json::Value& expected, const json::Value& actual,
                             const std::string& path);
  std::string CompareArrays(const json::Value& expected, const json::Value& actual,
                            const std::string& path);
  std::string CompareTexts(const std::string& expected, const std::string& actual,
                           const std::string& path);
  bool MatchesWildcards(const std::string& expected, const std::string& actual);

  std::vector<std::vector<std::string>> ignored_;
  std::vector<std::string> wildcards_;  // longest first
  std::map<std::string, std::string> bound_;
};

}  // namespace orderflow::asl
