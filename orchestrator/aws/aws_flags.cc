#include "orchestrator/aws/aws_flags.h"

#include <string>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/time/time.h"

ABSL_FLAG(std::string, aws_listen, orderflow::aws::kDefaultListen,
          "Where the API of AWS Step Functions is served for the AWS CLI and SDKs, IP:PORT. Empty: "
          "nowhere.");
ABSL_FLAG(std::string, aws_tls_certificate, "",
          "A PEM file with the certificate chain of --aws_listen, which then speaks HTTPS. Empty: "
          "HTTP. Read again when it changes.");
ABSL_FLAG(std::string, aws_tls_key, "", "A PEM file with the key of --aws_tls_certificate.");
ABSL_FLAG(std::string, aws_credentials, "",
          "A file with access keys, in the form of ~/.aws/credentials or as JSON: requests to "
          "--aws_listen must be signed with one of them. Empty: any signature is accepted.");

ABSL_DECLARE_FLAG(absl::Duration, tls_reload_interval);

namespace orderflow::aws {

EndpointOptions EndpointOptionsFromFlags() {
  EndpointOptions options;
  options.listen = absl::GetFlag(FLAGS_aws_listen);
  options.tls.certificate_file = absl::GetFlag(FLAGS_aws_tls_certificate);
  options.tls.key_file = absl::GetFlag(FLAGS_aws_tls_key);
  options.tls.reload_interval = absl::GetFlag(FLAGS_tls_reload_interval);
  options.credentials_file = absl::GetFlag(FLAGS_aws_credentials);
  return options;
}

}  // namespace orderflow::aws
