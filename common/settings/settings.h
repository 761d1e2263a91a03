#pragma once

// Settings of a program, declared as Abseil flags and read from, in falling precedence: the command
// line (--name=value), the environment (ORDERFLOW_NAME), a flag file (--flagfile, one name=value a
// line), the default.
//
//   ABSL_FLAG(absl::Duration, drain_delay, absl::ZeroDuration(), "How long to ... .");
//   ORDERFLOW_SECRET_FLAG(database, "sqlite:receive.db", "Where the data are ... .");
//
//   int main(int argc, char** argv) {
//     orderflow::settings::ParseSettings(argc, argv, "Records orders.\n\nUsage: orderflow-receive
//     [flags]");
//
// A secret may also come from a file, as container platforms hand it over: --database_file=PATH or
// ORDERFLOW_DATABASE_FILE. --help never shows a secret's value.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"

// A string flag that holds a secret or a URL that may contain one.
#define ORDERFLOW_SECRET_FLAG(name, default_value, help) \
  ABSL_FLAG(std::string, name, default_value, help);     \
  static const ::orderflow::settings::SecretFlag orderflow_secret_flag_##name(#name)

namespace orderflow::settings {

// Marks a flag as secret for as long as the process lives.
class SecretFlag {
 public:
  explicit SecretFlag(const char* name);
};

// For main(): sets all flags and answers the arguments that are no flags, without the program's
// name. --help and --version print and exit with 0; a mistake prints one line to stderr and exits
// with 2. `usage` is the text that --help starts with. Not thread-safe: call it before threads
// start.
std::vector<std::string> ParseSettings(int argc, char** argv, std::string_view usage);

// What ParseSettings is made of, for tests and for programs with commands of their own.
struct Sources {
  std::vector<std::string> arguments;  // without the program's name
  std::function<std::optional<std::string>(const std::string& name)> environment;
};
struct Parsed {
  std::vector<std::string> positional;  // everything after "--" is positional, too
  bool help = false;
  bool version = false;
};
// Sets the flags. INVALID_ARGUMENT: an unknown flag, a value that does not parse, a file that
// cannot be read; the message is one line, names the source and never contains a secret. Flags set
// before the mistake was found stay set.
absl::StatusOr<Parsed> Apply(const Sources& sources);

// The list of all flags as --help shows it: value, meaning, default, environment variable.
std::string DescribeFlags();

// "ORDERFLOW_MAX_MESSAGE_BYTES" for "max_message_bytes".
std::string EnvironmentName(std::string_view flag);

}  // namespace orderflow::settings
