#include "orchestrator/api/lambda_flags.h"

#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/settings/settings.h"
#include "orchestrator/api/substitutions.h"

ABSL_FLAG(
    std::string, lambda_endpoint, "",
    "Where tasks call Lambda functions: https://lambda.REGION.amazonaws.com, or the "
    "http://HOST:PORT of an emulator. Empty: only those of --lambda_functions can be called.");
ABSL_FLAG(std::string, lambda_functions, "",
          "A JSON file, {\"function\": \"grpc://HOST:PORT/package.Service/Method\"}: Lambda "
          "functions that are carried out by gRPC methods instead.");
ABSL_FLAG(std::string, lambda_region, "",
          "The region of --lambda_endpoint; functions of others are refused. Empty: AWS_REGION, "
          "else AWS_DEFAULT_REGION.");
ABSL_FLAG(std::string, lambda_account, "",
          "The account of the credentials, 12 digits; functions of others are refused. Empty: not "
          "checked.");
ABSL_FLAG(std::string, lambda_access_key_id, "",
          "The AWS access key that signs calls of Lambda functions. Empty: AWS_ACCESS_KEY_ID, with "
          "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; without that, calls are not signed.");
ORDERFLOW_SECRET_FLAG(lambda_secret_access_key, "",
                      "The secret that belongs to --lambda_access_key_id.");
ORDERFLOW_SECRET_FLAG(lambda_session_token, "",
                      "The session token that belongs to --lambda_access_key_id, if it is a "
                      "temporary one.");
ABSL_FLAG(int, lambda_connections, 64,
          "Calls of Lambda functions that are under way at a time; more wait.");

namespace orderflow::api {
namespace {

// The first of these that is set.
std::string FromEnvironment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

absl::StatusOr<Substitutions> ReadFunctions(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  absl::StatusOr<Substitutions> functions = ParseSubstitutions(text.str());
  if (functions.ok()) return functions;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", std::string(functions.status().message())));
}

}  // namespace

absl::StatusOr<tasks::LambdaTaskRunnerOptions> LambdaOptionsFromFlags() {
  tasks::LambdaTaskRunnerOptions options;
  options.endpoint = absl::GetFlag(FLAGS_lambda_endpoint);
  if (const std::string path = absl::GetFlag(FLAGS_lambda_functions); !path.empty()) {
    absl::StatusOr<Substitutions> functions = ReadFunctions(path);
    if (!functions.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--lambda_functions: ", std::string(functions.status().message())));
    }
    options.functions = *std::move(functions);
  }
  options.region = absl::GetFlag(FLAGS_lambda_region);
  if (options.region.empty())
    options.region = FromEnvironment({"AWS_REGION", "AWS_DEFAULT_REGION"});
  options.account = absl::GetFlag(FLAGS_lambda_account);
  options.max_connections = absl::GetFlag(FLAGS_lambda_connections);
  options.access_key_id = absl::GetFlag(FLAGS_lambda_access_key_id);
  options.secret_access_key = absl::GetFlag(FLAGS_lambda_secret_access_key);
  options.session_token = absl::GetFlag(FLAGS_lambda_session_token);
  // All three from one place: parts of different credentials would not fit together.
  if (options.access_key_id.empty() && options.secret_access_key.empty()) {
    options.access_key_id = FromEnvironment({"AWS_ACCESS_KEY_ID"});
    options.secret_access_key = FromEnvironment({"AWS_SECRET_ACCESS_KEY"});
    options.session_token = FromEnvironment({"AWS_SESSION_TOKEN"});
  }
  return options;
}

}  // namespace orderflow::api
