#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace orderflow::aws {

// A secret.
struct AccessKey {
  std::string secret;
  std::string session_token;  // empty: requests carry none
};

// By access key id.
using Credentials = absl::flat_hash_map<std::string, AccessKey>;

// Reads access keys in one of two forms:
//
//   [anybody]                          [{"aws_access_key_id": "AKIA...",
//   aws_access_key_id = AKIA...          "aws_secret_access_key": "..."}]
//   aws_secret_access_key = ...
//
// the first being that of ~/.aws/credentials, with any number of profiles; both may have
// aws_session_token. INVALID_ARGUMENT: what is wrong and in which line, never with a secret in it.
absl::StatusOr<Credentials> ParseCredentials(std::string_view text);

// The same from a file, with the errors of settings::ReadPrivateFile.
absl::StatusOr<Credentials> ReadCredentials(const std::string& path);

}  // namespace orderflow::aws
