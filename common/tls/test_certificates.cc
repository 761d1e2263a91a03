#include "common/tls/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <filesystem>

#include "common/base/check.h"

namespace orderflow::tls {
namespace {

void SetName(X509* certificate, const std::string& name) {
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  ORDERFLOW_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(EVP_PKEY* key, absl::Duration from, absl::Duration until) {
  static std::atomic<long> serial{1};
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial.fetch_add(1));
  X509_gmtime_adj(X509_getm_notBefore(certificate), absl::ToInt64Seconds(from));
  X509_gmtime_adj(X509_getm_notAfter(certificate), absl::ToInt64Seconds(until));
  X509_set_pubkey(certificate, key);
  return certificate;
}

// Writes beside the file and renames, so that a reader sees the old or the new one, never half of
// it.
template <typename Write>
void WriteFile(const std::string& path, Write write) {
  std::FILE* file = std::fopen((path + ".new").c_str(), "w");
  ORDERFLOW_CHECK(file != nullptr);
  ORDERFLOW_CHECK(write(file) == 1);
  std::fclose(file);
  std::filesystem::rename(path + ".new", path);
}

void WriteCertificate(const std::string& path, X509* certificate) {
  WriteFile(path, [&](std::FILE* file) { return PEM_write_X509(file, certificate); });
}

bool IsIpAddress(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

struct TestAuthority::Pair {
  EVP_PKEY* key;
  X509* certificate;
};

TestAuthority::TestAuthority(std::string directory, std::string name)
    : directory_(std::move(directory)), name_(std::move(name)), pair_(new Pair) {
  pair_->key = EVP_EC_gen("P-256");
  pair_->certificate = NewCertificate(pair_->key, -absl::Hours(1), absl::Hours(24));
  SetName(pair_->certificate, name_);
  X509_set_issuer_name(pair_->certificate, X509_get_subject_name(pair_->certificate));
  AddExtension(pair_->certificate, NID_basic_constraints, "critical,CA:TRUE");
  ORDERFLOW_CHECK(X509_sign(pair_->certificate, pair_->key, EVP_sha256()) > 0);
  WriteCertificate(certificate_file(), pair_->certificate);
}

TestAuthority::~TestAuthority() {
  EVP_PKEY_free(pair_->key);
  X509_free(pair_->certificate);
  delete pair_;
}

std::string TestAuthority::certificate_file() const { return directory_ + "/" + name_ + ".crt"; }

void TestAuthority::Issue(const std::string& file_stem, const std::string& host,
                          absl::Duration from, absl::Duration until) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = NewCertificate(key, from, until);
  SetName(certificate, host);
  X509_set_issuer_name(certificate, X509_get_subject_name(pair_->certificate));
  AddExtension(certificate, NID_subject_alt_name, (IsIpAddress(host) ? "IP:" : "DNS:") + host);
  ORDERFLOW_CHECK(X509_sign(certificate, pair_->key, EVP_sha256()) > 0);
  WriteFile(directory_ + "/" + file_stem + ".key", [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  WriteCertificate(directory_ + "/" + file_stem + ".crt", certificate);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace orderflow::tls
