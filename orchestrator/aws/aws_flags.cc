#include "orchestrator/aws/aws_flags.h"

#include <string>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, aws_listen, orderflow::aws::kDefaultListen,
          "Where the API of AWS Step Functions is served for the AWS CLI and SDKs, IP:PORT, over "
          "HTTP without TLS. Empty: nowhere.");
ABSL_FLAG(std::string, aws_credentials, "",
          "A file with access keys, in the form of ~/.aws/credentials or as JSON: requests to "
          "--aws_listen must be signed with one of them. Empty: any signature is accepted.");

namespace orderflow::aws {

EndpointOptions EndpointOptionsFromFlags() {
  EndpointOptions options;
  options.listen = absl::GetFlag(FLAGS_aws_listen);
  options.credentials_file = absl::GetFlag(FLAGS_aws_credentials);
  return options;
}

}  // namespace orderflow::aws
