#include "common/settings/settings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "absl/flags/reflection.h"
#include "common/settings/flag_sources.h"
#include "common/version/version.h"

ABSL_FLAG(std::string, flagfile, "",
          "A file of further flags, one name=value a line; empty lines and lines that start with # "
          "are skipped. The "
          "command line and the environment take precedence.");

namespace orderflow::settings {
namespace {

constexpr int kUsageError = 2;

std::string_view Std(absl::string_view text) { return {text.data(), text.size()}; }

// Wraps at 100 columns behind an indent.
std::string Wrap(std::string_view text, std::string_view indent) {
  constexpr size_t kWidth = 100;
  std::string out(indent);
  size_t column = indent.size();
  for (size_t at = 0; at < text.size();) {
    const size_t space = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, space - at);
    if (column > indent.size() && column + 1 + word.size() > kWidth) {
      out.append("\n").append(indent);
      column = indent.size();
    } else if (column > indent.size()) {
      out += ' ';
      ++column;
    }
    out.append(word);
    column += word.size();
    at = space + 1;
  }
  return out;
}

std::string DescribeFlag(const absl::CommandLineFlag& flag) {
  const std::string name(Std(flag.Name()));
  const bool secret = IsSecret(name);
  const std::string value = flag.CurrentValue();
  std::string out = "  --" + name + "\n" + Wrap(flag.Help(), "      ") + "\n      Default: ";
  if (secret && value.find('@') != std::string::npos) {
    out += "(not shown)";
  } else if (flag.IsOfType<bool>() || (!value.empty() && !flag.IsOfType<std::string>())) {
    out += value;
  } else {
    out += '"' + value + '"';
  }
  out += "\n      Environment: " + EnvironmentName(name);
  if (secret)
    out += "\n      From a file: --" + name + "_file=PATH, " + EnvironmentName(name + "_file");
  return out + "\n";
}

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

std::string DescribeFlags() {
  std::map<std::string_view, const absl::CommandLineFlag*> sorted;
  for (const auto& [name, flag] : OurFlags()) sorted.emplace(name, flag);
  std::string out;
  for (const auto& [name, flag] : sorted) out += DescribeFlag(*flag);
  return out;
}

std::vector<std::string> ParseSettings(int argc, char** argv, std::string_view usage) {
  const std::string program = std::filesystem::path(argv[0]).filename();
  // The defaults as they stand now: a main may have set its own.
  const std::string flags = DescribeFlags();
  absl::StatusOr<Parsed> parsed =
      Apply({.arguments = std::vector<std::string>(argv + 1, argv + argc),
             .environment = FromEnvironment});
  if (!parsed.ok()) {
    std::cerr << program << ": " << Std(parsed.status().message()) << std::endl;
    std::exit(kUsageError);
  }
  if (parsed->version) {
    std::cout << version::Line(program) << std::endl;
    std::exit(0);
  }
  if (parsed->help) {
    std::cout << usage
              << "\n\nFlags (a command line --name=value goes before the environment, that before "
                 "a --flagfile):\n"
              << flags
              << "  --help\n      Prints this text.\n  --version\n      Prints the version, the "
                 "revision and how it was built.\n"
              << std::flush;
    std::exit(0);
  }
  return std::move(parsed->positional);
}

}  // namespace orderflow::settings
