#include "common/tls/certificate_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/quote.h"
#include "common/base/status.h"

namespace orderflow::tls {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

absl::Status Bad(const std::string& file, const std::string& why) {
  return absl::InvalidArgumentError(Quote(file, 300) + " " + why);
}

absl::StatusOr<Bio> Open(const std::string& file) {
  Bio bio(BIO_new_file(file.c_str(), "r"));
  if (bio == nullptr) {
    const int error = errno;
    ERR_clear_error();
    return Bad(file, std::string("cannot be read: ") + std::strerror(error));
  }
  return bio;
}

// A key with a pass phrase cannot be used by a server that starts unattended; never prompt for one.
int NoPassPhrase(char*, int, int, void*) { return -1; }

absl::StatusOr<Certificate> ReadCertificate(const std::string& file) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Bio bio, Open(file));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassPhrase, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return Bad(file, "holds no certificate in PEM form");
  return certificate;
}

absl::StatusOr<Key> ReadKey(const std::string& file) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Bio bio, Open(file));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassPhrase, nullptr));
  ERR_clear_error();
  if (key == nullptr) return Bad(file, "holds no private key in PEM form without a pass phrase");
  return key;
}

std::string TimeText(const ASN1_TIME* time) {
  Bio bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : "?";
}

absl::Status CheckTimes(const std::string& file, const X509& certificate) {
  if (X509_cmp_current_time(X509_get0_notBefore(&certificate)) > 0) {
    return Bad(file, "is not valid before " + TimeText(X509_get0_notBefore(&certificate)));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(&certificate)) < 0) {
    return Bad(file, "expired at " + TimeText(X509_get0_notAfter(&certificate)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCertificateAndKey(const std::string& certificate_file,
                                    const std::string& key_file) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(certificate_file));
  ORDERFLOW_RETURN_IF_ERROR(CheckTimes(certificate_file, *certificate));
  ORDERFLOW_ASSIGN_OR_RETURN(const Key key, ReadKey(key_file));
  const bool match = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!match)
    return Bad(key_file, "is not the key of the certificate in " + Quote(certificate_file, 300));
  return absl::OkStatus();
}

absl::Status CheckCertificateAuthorities(const std::string& file) {
  return ReadCertificate(file).status();
}

}  // namespace orderflow::tls
