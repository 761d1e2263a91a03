#include "common/settings/flag_sources.h"

#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "common/base/nearest_word.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/settings/settings.h"

namespace orderflow::settings {
namespace {

constexpr char kFlagFile[] = "flagfile";
constexpr char kFileSuffix[] = "_file";
constexpr size_t kMaxFileBytes = 1 << 20;

using Flags = std::map<std::string, absl::CommandLineFlag*>;

// One name and value, and where they were found, for messages: "--listen", "ORDERFLOW_LISTEN",
// "flags.txt:3: listen".
struct Assignment {
  std::string name;
  std::string value;
  std::string source;
};

std::set<std::string, std::less<>>& Secrets() {
  static auto* const secrets = new std::set<std::string, std::less<>>();
  return *secrets;
}

absl::Status Wrong(const std::string& message) { return absl::InvalidArgumentError(message); }

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string Suggestion(const Flags& flags, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [known, flag] : flags) names.push_back(known);
  const std::optional<std::string> nearest = NearestWord(name, names);
  return nearest ? "; did you mean --" + *nearest + "?" : "";
}

absl::StatusOr<std::string> ReadFile(const std::string& path, const std::string& source) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Wrong(source + ": cannot read the file " + Quote(path, 200));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A directory opens, but does not read: container engines make one where a secret is missing.
  if (file.bad()) return Wrong(source + ": cannot read the file " + Quote(path, 200));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes)
    return Wrong(source + ": the file " + Quote(path, 200) + " is larger than 1 MiB");
  return text;
}

// The flag that a name sets: itself, or for "database_file" the secret "database". Null if there is
// none.
absl::CommandLineFlag* FindFlag(const Flags& flags, const std::string& name, bool& from_file) {
  from_file = false;
  if (auto it = flags.find(name); it != flags.end()) return it->second;
  if (!EndsWith(name, kFileSuffix)) return nullptr;
  const std::string base = name.substr(0, name.size() - sizeof(kFileSuffix) + 1);
  if (!IsSecret(base)) return nullptr;
  from_file = true;
  auto it = flags.find(base);
  return it == flags.end() ? nullptr : it->second;
}

std::string Expected(const absl::CommandLineFlag& flag) {
  if (flag.IsOfType<bool>()) return "true or false";
  if (flag.IsOfType<absl::Duration>()) return "a duration such as 500ms, 10s or 1h30m";
  if (flag.IsOfType<double>() || flag.IsOfType<float>()) return "a number";
  if (flag.IsOfType<int>() || flag.IsOfType<int64_t>()) return "a whole number";
  return "a value that this flag takes";
}

absl::Status Set(const Flags& flags, const Assignment& assignment) {
  bool from_file = false;
  absl::CommandLineFlag* flag = FindFlag(flags, assignment.name, from_file);
  std::string value = assignment.value;
  if (from_file) {
    ORDERFLOW_ASSIGN_OR_RETURN(value, ReadFile(assignment.value, assignment.source));
    absl::StripAsciiWhitespace(&value);
    if (value.empty()) {
      return Wrong(assignment.source + ": the file " + Quote(assignment.value, 200) + " is empty");
    }
  }
  std::string error;
  if (flag->ParseFrom(value, &error)) return absl::OkStatus();
  return Wrong(assignment.source + ": " + Quote(value) + " is not " + Expected(*flag));
}

// Applies one source of settings. A secret may be given directly or by a file, but not both in the
// same source.
absl::Status SetAll(const Flags& flags, const std::vector<Assignment>& assignments) {
  std::map<std::string, std::string> given;  // flag -> how
  for (const Assignment& assignment : assignments) {
    bool from_file = false;
    const absl::CommandLineFlag* flag = FindFlag(flags, assignment.name, from_file);
    const auto [it, is_new] =
        given.emplace(std::string(flag->Name().data(), flag->Name().size()), assignment.name);
    if (!is_new && it->second != assignment.name) {
      return Wrong(assignment.source + ": give either " + it->second + " or " + assignment.name +
                   ", not both");
    }
    ORDERFLOW_RETURN_IF_ERROR(Set(flags, assignment));
  }
  return absl::OkStatus();
}

// The command line, taken apart but not applied yet.
struct CommandLine {
  std::vector<Assignment> assignments;
  Parsed parsed;
};

absl::Status UnknownFlag(const Flags& flags, const std::string& shown, const std::string& name) {
  return Wrong("unknown flag " + shown + Suggestion(flags, name) + " (--help lists all)");
}

// Takes one "--name", "--name=value", "--name value", "--noname" apart; `next` is advanced over a
// value of its own.
absl::Status ParseFlag(const Flags& flags, const std::vector<std::string>& arguments, size_t& next,
                       CommandLine& out) {
  const std::string text = arguments[next].substr(2);
  const size_t equals = text.find('=');
  const bool has_value = equals != std::string::npos;
  std::string name = text.substr(0, equals);
  std::replace(name.begin(), name.end(), '-', '_');
  const std::string shown = "--" + name.substr(0, 64);
  if (name == "help") return out.parsed.help = true, absl::OkStatus();
  if (name == "version") return out.parsed.version = true, absl::OkStatus();
  bool from_file = false;
  const absl::CommandLineFlag* flag = FindFlag(flags, name, from_file);
  if (has_value && flag != nullptr) {
    out.assignments.push_back({name, text.substr(equals + 1), shown});
    return absl::OkStatus();
  }
  if (flag == nullptr && !has_value && name.rfind("no", 0) == 0) {
    const auto it = flags.find(name.substr(2));
    if (it != flags.end() && it->second->IsOfType<bool>()) {
      out.assignments.push_back({it->first, "false", shown});
      return absl::OkStatus();
    }
  }
  if (flag == nullptr)
    return UnknownFlag(flags, Quote(shown).substr(1, Quote(shown).size() - 2), name);
  if (flag->IsOfType<bool>()) {
    out.assignments.push_back({name, "true", shown});
    return absl::OkStatus();
  }
  if (next + 1 >= arguments.size()) return Wrong(shown + " needs a value");
  out.assignments.push_back({name, arguments[++next], shown});
  return absl::OkStatus();
}

absl::StatusOr<CommandLine> ParseCommandLine(const Flags& flags,
                                             const std::vector<std::string>& arguments) {
  CommandLine out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      out.parsed.positional.insert(out.parsed.positional.end(),
                                   arguments.begin() + static_cast<ptrdiff_t>(i) + 1,
                                   arguments.end());
      break;
    }
    if (argument.rfind("--", 0) == 0) {
      ORDERFLOW_RETURN_IF_ERROR(ParseFlag(flags, arguments, i, out));
    } else if (argument == "-h") {
      out.parsed.help = true;
    } else if (argument.size() > 1 && argument[0] == '-') {
      return Wrong("unknown flag " + Quote(argument) +
                   "; flags start with two dashes (--help lists all)");
    } else {
      out.parsed.positional.push_back(argument);
    }
  }
  return out;
}

std::vector<Assignment> FromEnvironment(const Flags& flags, const Sources& sources) {
  std::vector<Assignment> out;
  for (const auto& [name, flag] : flags) {
    std::vector<std::string> names = {name};
    if (IsSecret(name)) names.push_back(name + kFileSuffix);
    for (const std::string& each : names) {
      const std::string variable = EnvironmentName(each);
      if (auto value = sources.environment(variable))
        out.push_back({each, *std::move(value), variable});
    }
  }
  return out;
}

absl::StatusOr<std::vector<Assignment>> FromFlagFile(const Flags& flags, const std::string& path) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, "--flagfile"));
  std::vector<Assignment> out;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    absl::StripAsciiWhitespace(&line);
    if (line.empty() || line[0] == '#') continue;
    const std::string place = path + ":" + std::to_string(number) + ": ";
    const size_t equals = line.find('=');
    if (equals == std::string::npos) return Wrong(place + "expected name=value");
    std::string name = line.substr(0, equals);
    if (name.rfind("--", 0) == 0) name.erase(0, 2);
    absl::StripAsciiWhitespace(&name);
    bool from_file = false;
    if (FindFlag(flags, name, from_file) == nullptr || name == kFlagFile) {
      return Wrong(place + "unknown flag " + Quote(name) + Suggestion(flags, name));
    }
    std::string value = line.substr(equals + 1);
    absl::StripLeadingAsciiWhitespace(&value);
    out.push_back({name, value, place + name});
  }
  return out;
}

// The flag file that the command line names, or else the environment; empty if neither does.
std::string FlagFilePath(const std::vector<Assignment>& command_line,
                         const std::vector<Assignment>& environment) {
  std::string path;
  for (const auto* assignments : {&environment, &command_line}) {
    for (const Assignment& assignment : *assignments) {
      if (assignment.name == kFlagFile) path = assignment.value;
    }
  }
  return path;
}

}  // namespace

SecretFlag::SecretFlag(const char* name) { Secrets().insert(name); }

bool IsSecret(std::string_view flag) { return Secrets().count(flag) > 0; }

std::map<std::string, absl::CommandLineFlag*> OurFlags() {
  Flags flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    // Libraries may bring flags of their own; ours are declared in files of this project.
    const std::string file = flag->Filename();
    if (file.find("absl/") != std::string::npos || file.find("/grpc") != std::string::npos)
      continue;
    flags.emplace(std::string(name.data(), name.size()), flag);
  }
  return flags;
}

std::string EnvironmentName(std::string_view flag) {
  return "ORDERFLOW_" + absl::AsciiStrToUpper(absl::string_view(flag.data(), flag.size()));
}

absl::StatusOr<Parsed> Apply(const Sources& sources) {
  const Flags flags = OurFlags();
  ORDERFLOW_ASSIGN_OR_RETURN(CommandLine command_line, ParseCommandLine(flags, sources.arguments));
  if (command_line.parsed.help || command_line.parsed.version)
    return std::move(command_line.parsed);
  const std::vector<Assignment> environment = FromEnvironment(flags, sources);
  if (const std::string path = FlagFilePath(command_line.assignments, environment); !path.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Assignment> file, FromFlagFile(flags, path));
    ORDERFLOW_RETURN_IF_ERROR(SetAll(flags, file));
  }
  ORDERFLOW_RETURN_IF_ERROR(SetAll(flags, environment));
  ORDERFLOW_RETURN_IF_ERROR(SetAll(flags, command_line.assignments));
  return std::move(command_line.parsed);
}

}  // namespace orderflow::settings
