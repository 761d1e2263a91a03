#include "orchestrator/aws/credentials.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "common/settings/private_file.h"

namespace orderflow::aws {
namespace {

constexpr char kKeyId[] = "aws_access_key_id";
constexpr char kSecret[] = "aws_secret_access_key";
constexpr char kToken[] = "aws_session_token";

// One profile as it is read.
struct Profile {
  std::string where;  // "line 3", "item 0"
  std::string key_id;
  AccessKey key;
};

absl::Status Add(Profile profile, Credentials& credentials) {
  if (profile.key_id.empty() || profile.key.secret.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(profile.where, ": ", kKeyId, " and ", kSecret, " must both be there"));
  }
  if (!credentials.emplace(profile.key_id, std::move(profile.key)).second) {
    return absl::InvalidArgumentError(
        absl::StrCat(profile.where, ": this ", kKeyId, " is there twice"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Credentials> ParseJson(std::string_view text) {
  const json::ParseResult parsed = json::Parse(text);
  if (!parsed.value) {
    return absl::InvalidArgumentError(
        absl::StrCat("no JSON: line ", parsed.error->line, ", column ", parsed.error->column));
  }
  const json::Value list =
      parsed.value->IsArray() ? *parsed.value : json::Value::List({*parsed.value});
  Credentials credentials;
  for (const json::Value& item : list.AsArray()) {
    Profile profile{absl::StrCat("key ", credentials.size() + 1), "", {}};
    const std::pair<const char*, std::string*> members[] = {{kKeyId, &profile.key_id},
                                                            {kSecret, &profile.key.secret},
                                                            {kToken, &profile.key.session_token}};
    for (const auto& [name, target] : members) {
      const json::Value* member = item.Find(name);
      if (member != nullptr && member->IsString()) *target = member->AsString();
    }
    ORDERFLOW_RETURN_IF_ERROR(Add(std::move(profile), credentials));
  }
  return credentials;
}

// Takes over one `name = value`; members that are not ours, such as a region, are passed over.
absl::Status ReadSetting(std::string_view line, int number, std::optional<Profile>& profile) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos || !profile) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", number, ": expected [profile] or, after that, name = value"));
  }
  const auto trimmed = [](std::string_view part) {
    return std::string(absl::StripAsciiWhitespace(absl::string_view(part.data(), part.size())));
  };
  const std::string name = trimmed(line.substr(0, equals));
  std::string value = trimmed(line.substr(equals + 1));
  if (name == kKeyId) profile->key_id = std::move(value);
  if (name == kSecret) profile->key.secret = std::move(value);
  if (name == kToken) profile->key.session_token = std::move(value);
  return absl::OkStatus();
}

absl::StatusOr<Credentials> ParseProfiles(std::string_view text) {
  Credentials credentials;
  std::optional<Profile> profile;
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] != '[') {
      ORDERFLOW_RETURN_IF_ERROR(ReadSetting({line.data(), line.size()}, number, profile));
      continue;
    }
    if (profile) ORDERFLOW_RETURN_IF_ERROR(Add(*std::move(profile), credentials));
    profile.emplace();
    profile->where = absl::StrCat("the profile of line ", number);
  }
  if (profile) ORDERFLOW_RETURN_IF_ERROR(Add(*std::move(profile), credentials));
  return credentials;
}

}  // namespace

absl::StatusOr<Credentials> ParseCredentials(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return absl::InvalidArgumentError("there is no access key");
  // `[` begins a profile or a JSON list.
  const size_t second = text.find_first_not_of(" \t\r\n", first + 1);
  const bool json = text[first] == '{' || (text[first] == '[' && second != std::string_view::npos &&
                                           (text[second] == '{' || text[second] == ']'));
  absl::StatusOr<Credentials> credentials = json ? ParseJson(text) : ParseProfiles(text);
  if (credentials.ok() && credentials->empty()) {
    return absl::InvalidArgumentError("there is no access key");
  }
  return credentials;
}

absl::StatusOr<Credentials> ReadCredentials(const std::string& path) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string text, settings::ReadPrivateFile(path));
  absl::StatusOr<Credentials> credentials = ParseCredentials(text);
  if (credentials.ok()) return credentials;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", std::string(credentials.status().message())));
}

}  // namespace orderflow::aws
