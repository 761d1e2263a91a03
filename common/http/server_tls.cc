#include "common/http/server_tls.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/tls/certificate_check.h"

namespace orderflow::http {
namespace {

namespace ssl = boost::asio::ssl;
using Error = boost::system::error_code;

int64_t ChangedAt(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) return 0;
  return status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
}

// TLS 1.2 and later; what else there is to choose, OpenSSL's defaults choose well.
std::shared_ptr<ssl::context> NewContext() {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(const ServerTls& options) {
  if (options.certificate_file.empty() || options.key_file.empty()) {
    return absl::InvalidArgumentError("TLS needs both a certificate file and a key file");
  }
  auto files = std::unique_ptr<TlsFiles>(new TlsFiles(options));
  ORDERFLOW_RETURN_IF_ERROR(files->Load());
  return files;
}

std::shared_ptr<ssl::context> TlsFiles::Current() {
  if (Clock::now() < next_look_) return context_;
  next_look_ = Clock::now() + absl::ToChronoNanoseconds(options_.reload_interval);
  if (Look() != loaded_) {
    const absl::Status status = Load();
    if (!status.ok() && options_.report) options_.report(status);
  }
  return context_;
}

// The files are noted as they were before they were read, so that a change meanwhile is seen next
// time.
absl::Status TlsFiles::Load() {
  const Stamp stamp = Look();
  ORDERFLOW_RETURN_IF_ERROR(
      tls::CheckCertificateAndKey(options_.certificate_file, options_.key_file));
  const std::shared_ptr<ssl::context> context = NewContext();
  Error error;
  context->use_certificate_chain_file(options_.certificate_file, error);
  if (!error) context->use_private_key_file(options_.key_file, ssl::context::pem, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat(options_.certificate_file, " with ",
                                                   options_.key_file, ": ", error.message()));
  }
  context_ = context;
  loaded_ = stamp;
  return absl::OkStatus();
}

TlsFiles::Stamp TlsFiles::Look() const {
  return {ChangedAt(options_.certificate_file), ChangedAt(options_.key_file)};
}

}  // namespace orderflow::http
