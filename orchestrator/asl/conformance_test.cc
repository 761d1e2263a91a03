// Runs recordings of the real service against the interpreter. They are not part of this project:
// the environment variable ORDERFLOW_CONFORMANCE_DIR names their directory (one JSON file per case,
// in folders). Without it nothing is checked.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "common/json/value.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/recorded_case.h"

namespace orderflow::asl {
namespace {

std::vector<std::filesystem::path> CaseFiles(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(ConformanceTest, ExecutionsInScopeEndAndReadAsRecorded) {
  const char* directory = std::getenv("ORDERFLOW_CONFORMANCE_DIR");
  if (directory == nullptr || *directory == '\0') {
    std::cout << "ORDERFLOW_CONFORMANCE_DIR is not set: no recordings to compare with.\n";
    return;
  }
  std::map<std::string, int> out_of_scope;
  int in_scope = 0, same_outcome = 0, with_history = 0, same_history = 0;
  for (const std::filesystem::path& file : CaseFiles(directory)) {
    const json::ParseResult recording = json::Parse(ReadFile(file));
    ASSERT_TRUE(recording.value.has_value()) << file << ": " << recording.error->message;
    const json::Value* kind = recording.value->Find("kind");
    if (kind == nullptr || *kind != json::Value("execution")) continue;
    const CaseResult result = RunRecordedCase(*recording.value);
    if (result.out_of_scope.has_value()) {
      ++out_of_scope[*result.out_of_scope];
      continue;
    }
    ++in_scope;
    same_outcome += result.outcome_difference.empty() ? 1 : 0;
    with_history += result.has_history ? 1 : 0;
    same_history += result.has_history && result.history_difference.empty() ? 1 : 0;
    const std::string name = file.parent_path().filename() / file.stem();
    if (!result.outcome_difference.empty())
      std::cout << "outcome: " << name << ": " << result.outcome_difference << "\n";
    else if (!result.history_difference.empty())
      std::cout << "history: " << name << ": " << result.history_difference << "\n";
  }
  std::cout << same_outcome << " of " << in_scope << " executions end as recorded; " << same_history
            << " of " << with_history << " histories are the same\n";
  for (const auto& [feature, count] : out_of_scope)
    std::cout << "out of scope: " << feature << ": " << count << "\n";
  EXPECT_GE(same_outcome * 100, in_scope * 99);
  EXPECT_GE(same_history * 100, with_history * 95);
  EXPECT_GE(in_scope, 600) << "the engine lost features, or the recordings are not all there";
}

// The verdict on a definition, without what only the API knows (its other arguments, the type of
// the machine).
TEST(ConformanceTest, DefinitionsAreAcceptedAndRefusedAsRecorded) {
  const char* directory = std::getenv("ORDERFLOW_CONFORMANCE_DIR");
  if (directory == nullptr || *directory == '\0') {
    std::cout << "ORDERFLOW_CONFORMANCE_DIR is not set: no recordings to compare with.\n";
    return;
  }
  int in_scope = 0, same_verdict = 0, same_message = 0;
  for (const std::filesystem::path& file : CaseFiles(directory)) {
    const json::ParseResult recording = json::Parse(ReadFile(file));
    ASSERT_TRUE(recording.value.has_value()) << file << ": " << recording.error->message;
    const std::optional<ValidationResult> result = RunRecordedValidation(*recording.value);
    if (!result.has_value()) continue;
    ++in_scope;
    same_verdict += result->same_verdict ? 1 : 0;
    same_message += result->message_difference.empty() ? 1 : 0;
    const std::string name = file.parent_path().filename() / file.stem();
    if (!result->same_verdict)
      std::cout << "verdict: " << name << ": " << result->message_difference << "\n";
    else if (!result->message_difference.empty())
      std::cout << "message: " << name << ": " << result->message_difference << "\n";
  }
  std::cout << same_verdict << " of " << in_scope << " definitions get the recorded verdict, "
            << same_message << " with the recorded finding\n";
  EXPECT_EQ(same_verdict, in_scope);
  EXPECT_GE(in_scope, 80);
  EXPECT_GE(same_message * 100, in_scope * 99);
}

TEST(ConformanceTest, TestsOfStatesAnswerAsRecorded) {
  const char* directory = std::getenv("ORDERFLOW_CONFORMANCE_DIR");
  if (directory == nullptr || *directory == '\0') {
    std::cout << "ORDERFLOW_CONFORMANCE_DIR is not set: no recordings to compare with.\n";
    return;
  }
  int in_scope = 0, same = 0;
  for (const std::filesystem::path& file : CaseFiles(directory)) {
    const json::ParseResult recording = json::Parse(ReadFile(file));
    ASSERT_TRUE(recording.value.has_value()) << file << ": " << recording.error->message;
    const std::optional<std::string> difference = RunRecordedStateTest(*recording.value);
    if (!difference.has_value()) continue;
    ++in_scope;
    same += difference->empty() ? 1 : 0;
    if (!difference->empty()) std::cout << file.stem() << ": " << *difference << "\n";
  }
  std::cout << same << " of " << in_scope << " tests of states answer as recorded\n";
  EXPECT_EQ(same, in_scope);
  EXPECT_GE(in_scope, 70);
}

}  // namespace
}  // namespace orderflow::asl
