#include "orchestrator/asl/recording_match.h"

#include <algorithm>
#include <optional>
#include <regex>
#include <set>
#include <utility>

namespace orderflow::asl {
namespace {

using json::Value;

const std::set<std::string>& OptionalMembers() {
  static const auto* members =
      new std::set<std::string>{"SdkHttpMetadata", "SdkResponseMetadata", "ResponseMetadata",
                                "billingDetails", "ExecutedVersion"};
  return *members;
}

const std::set<std::string>& AdditionalMembers() {
  static const auto* members = new std::set<std::string>{
      "redriveCount",         "redriveStatus",          "redriveStatusReason",  "mapRunArn",
      "traceHeader",          "stateMachineVersionArn", "stateMachineAliasArn", "revisionId",
      "tracingConfiguration", "encryptionConfiguration"};
  return *members;
}

std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool PathMatches(const std::vector<std::string>& pattern, size_t p,
                 const std::vector<std::string>& path, size_t at) {
  if (p == pattern.size()) return at == path.size();
  if (pattern[p] == "**") {
    for (size_t skip = at; skip <= path.size(); ++skip) {
      if (PathMatches(pattern, p + 1, path, skip)) return true;
    }
    return false;
  }
  return at < path.size() && (pattern[p] == "*" || pattern[p] == path[at]) &&
         PathMatches(pattern, p + 1, path, at + 1);
}

std::string EscapeRegex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// A numbered wildcard stands for the same text everywhere in a case.
bool IsNumbered(const std::string& wildcard) {
  return wildcard.find(':') != std::string::npos || wildcard.find("idx>") != std::string::npos;
}

std::optional<Value> ParseContainer(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || (text[first] != '{' && text[first] != '[')) return std::nullopt;
  return json::Parse(text).value;
}

std::string Difference(const std::string& path, const Value& expected, const Value& actual) {
  const auto shown = [](const Value& value) { return json::Serialize(value).substr(0, 300); };
  return path + ": expected " + shown(expected) + ", got " + shown(actual);
}

}  // namespace

RecordingMatcher::RecordingMatcher(std::vector<std::string> ignored_paths,
                                   std::vector<std::string> wildcards)
    : wildcards_(std::move(wildcards)) {
  for (const std::string& path : ignored_paths) ignored_.push_back(SplitPath(path));
  std::sort(wildcards_.begin(), wildcards_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

bool RecordingMatcher::IsIgnored(const std::string& path) const {
  const std::vector<std::string> parts = SplitPath(path);
  return std::any_of(ignored_.begin(), ignored_.end(),
                     [&](const auto& pattern) { return PathMatches(pattern, 0, parts, 0); });
}

std::string RecordingMatcher::Compare(const Value& expected, const Value& actual,
                                      const std::string& path) {
  if (IsIgnored(path)) return "";
  if (!expected.IsString() && actual.IsString()) {
    // The recorder parsed what it could.
    const std::optional<Value> parsed = json::Parse(actual.AsString()).value;
    return parsed.has_value() ? Compare(expected, *parsed, path)
                              : Difference(path, expected, actual);
  }
  if (expected.IsObject() && actual.IsObject()) return CompareObjects(expected, actual, path);
  if (expected.IsArray() && actual.IsArray()) return CompareArrays(expected, actual, path);
  if (expected.IsString() && actual.IsString())
    return CompareTexts(expected.AsString(), actual.AsString(), path);
  return expected == actual ? "" : Difference(path, expected, actual);
}

std::string RecordingMatcher::CompareObjects(const Value& expected, const Value& actual,
                                             const std::string& path) {
  for (const json::Member& member : expected.AsMembers()) {
    const Value* found = actual.Find(member.key);
    if (found == nullptr) {
      if (OptionalMembers().count(member.key) > 0) continue;
      return path + "/" + member.key + " is missing";
    }
    std::string difference = Compare(member.value, *found, path + "/" + member.key);
    if (!difference.empty()) return difference;
  }
  for (const json::Member& member : actual.AsMembers()) {
    if (expected.Find(member.key) == nullptr && AdditionalMembers().count(member.key) == 0) {
      return path + "/" + member.key + " is not expected";
    }
  }
  return "";
}

std::string RecordingMatcher::CompareArrays(const Value& expected, const Value& actual,
                                            const std::string& path) {
  if (expected.size() != actual.size()) return Difference(path, expected, actual);
  for (size_t i = 0; i < expected.size(); ++i) {
    std::string difference =
        Compare(expected.AsArray()[i], actual.AsArray()[i], path + "/" + std::to_string(i));
    if (!difference.empty()) return difference;
  }
  return "";
}

std::string RecordingMatcher::CompareTexts(const std::string& expected, const std::string& actual,
                                           const std::string& path) {
  if (expected == actual) return "";
  const std::optional<Value> expected_json = ParseContainer(expected),
                             actual_json = ParseContainer(actual);
  if (expected_json.has_value() && actual_json.has_value())
    return Compare(*expected_json, *actual_json, path);
  return MatchesWildcards(expected, actual) ? "" : Difference(path, Value(expected), Value(actual));
}

bool RecordingMatcher::MatchesWildcards(const std::string& expected, const std::string& actual) {
  if (expected.size() > 20'000 || actual.size() > 20'000)
    return false;  // std::regex recurses per character
  std::string pattern;
  std::vector<std::string> groups;
  for (size_t at = 0; at < expected.size();) {
    const auto found =
        std::find_if(wildcards_.begin(), wildcards_.end(), [&](const std::string& wildcard) {
          return expected.compare(at, wildcard.size(), wildcard) == 0;
        });
    if (found == wildcards_.end()) {
      pattern += EscapeRegex(std::string_view(expected).substr(at++, 1));
      continue;
    }
    at += found->size();
    const auto earlier = std::find(groups.begin(), groups.end(), *found);
    if (*found == "<partition>")
      pattern += "aws";
    else if (*found == "<region>")
      pattern += "us-east-1";
    else if (IsNumbered(*found) && bound_.count(*found) > 0)
      pattern += EscapeRegex(bound_[*found]);
    else if (IsNumbered(*found) && earlier != groups.end())
      pattern += "\\" + std::to_string(earlier - groups.begin() + 1);
    else
      pattern += "([^]+?)", groups.push_back(*found);
  }
  std::smatch match;
  if (!std::regex_match(actual, match, std::regex(pattern))) return false;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (IsNumbered(groups[i])) bound_[groups[i]] = match[i + 1].str();
  }
  return true;
}

}  // namespace orderflow::asl
