#include "common/rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>

#include "common/base/status.h"
#include "common/tls/certificate_check.h"

namespace orderflow::rpc {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;

unsigned int WholeSeconds(absl::Duration interval) {
  return static_cast<unsigned int>(std::clamp<int64_t>(absl::ToInt64Seconds(interval), 1, 86'400));
}

absl::Status CheckServerFiles(const ServerTls& tls) {
  if (tls.certificate_file.empty() || tls.key_file.empty()) {
    return absl::InvalidArgumentError("TLS needs both a certificate file and a key file");
  }
  ORDERFLOW_RETURN_IF_ERROR(tls::CheckCertificateAndKey(tls.certificate_file, tls.key_file));
  return tls.client_ca_file.empty() ? absl::OkStatus()
                                    : tls::CheckCertificateAuthorities(tls.client_ca_file);
}

absl::Status CheckClientFiles(const ClientTls& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate needs both a certificate file and a key file");
  }
  if (!tls.certificate_file.empty())
    ORDERFLOW_RETURN_IF_ERROR(tls::CheckCertificateAndKey(tls.certificate_file, tls.key_file));
  return tls.ca_file.empty() ? absl::OkStatus() : tls::CheckCertificateAuthorities(tls.ca_file);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerTls& tls) {
  if (!tls.enabled()) return grpc::InsecureServerCredentials();
  ORDERFLOW_RETURN_IF_ERROR(CheckServerFiles(tls));
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<FileWatcherCertificateProvider>(tls.key_file, tls.certificate_file,
                                                       tls.client_ca_file,
                                                       WholeSeconds(tls.reload_interval)));
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca_file.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const ClientTls& tls) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  ORDERFLOW_RETURN_IF_ERROR(CheckClientFiles(tls));
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (!tls.ca_file.empty() || !tls.certificate_file.empty()) {
    options.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
        tls.key_file, tls.certificate_file, tls.ca_file, WholeSeconds(tls.reload_interval)));
  }
  if (!tls.ca_file.empty()) options.watch_root_certs();
  if (!tls.certificate_file.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace orderflow::rpc
