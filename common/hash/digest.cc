#include "common/hash/digest.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "common/base/check.h"

namespace orderflow {
namespace {

const EVP_MD* FindAlgorithm(std::string_view name) {
  if (name == "MD5") return EVP_md5();
  if (name == "SHA-1") return EVP_sha1();
  if (name == "SHA-256") return EVP_sha256();
  if (name == "SHA-384") return EVP_sha384();
  if (name == "SHA-512") return EVP_sha512();
  return nullptr;
}

}  // namespace

std::optional<std::string> DigestHex(std::string_view algorithm, std::string_view bytes) {
  const EVP_MD* found = FindAlgorithm(algorithm);
  if (found == nullptr) return std::nullopt;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  ORDERFLOW_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, found, nullptr) == 1);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

}  // namespace orderflow
