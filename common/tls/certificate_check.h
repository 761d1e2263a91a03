#pragma once

#include <string>

#include "absl/status/status.h"

namespace orderflow::tls {

// Whether PEM files can serve for TLS now, with a message that says what is wrong and in which
// file; gRPC itself would only fail the handshakes. INVALID_ARGUMENT otherwise.

// A certificate chain, valid now, and the key of its first certificate.
absl::Status CheckCertificateAndKey(const std::string& certificate_file,
                                    const std::string& key_file);
// At least one certificate.
absl::Status CheckCertificateAuthorities(const std::string& file);

}  // namespace orderflow::tls
