#include "common/base/page_token.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace orderflow {
namespace {

// A token is base64url of: version, checksum (8 bytes, big endian), cursor.
constexpr char kVersion = 1;
constexpr size_t kHeaderSize = 9;
constexpr size_t kMaxCursor = 512;
constexpr size_t kMaxToken = (kHeaderSize + kMaxCursor + 2) / 3 * 4;

constexpr char kPageTokenText[] =
    "is not a token that this list gave with the same filter; leave it empty to start again";

uint64_t Fnv1a(std::string_view text, uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string Checksum(std::string_view cursor, std::string_view filter) {
  const uint64_t hash =
      Fnv1a(cursor, Fnv1a(std::string_view("\0", 1), Fnv1a(filter, 0xcbf29ce484222325)));
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(hash >> shift);
  return bytes;
}

bool DecodeToken(std::string_view token, std::string_view filter, std::string& cursor) {
  std::string bytes;
  if (token.size() > kMaxToken ||
      !absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes) ||
      bytes.size() < kHeaderSize || bytes[0] != kVersion) {
    return false;
  }
  cursor = bytes.substr(kHeaderSize);
  return !cursor.empty() && bytes.compare(1, kHeaderSize - 1, Checksum(cursor, filter)) == 0;
}

}  // namespace

absl::StatusOr<Page> ParsePage(int64_t page_size, std::string_view page_token,
                               std::string_view filter, const PageLimits& limits) {
  Page page;
  page.size = page_size == 0 ? limits.default_size : static_cast<int>(page_size);
  std::vector<FieldViolation> violations;
  if (page_size < 0 || page_size > limits.max_size) {
    violations.push_back({"page_size", "is " + std::to_string(page_size) + "; must be 1 to " +
                                           std::to_string(limits.max_size) + ", or 0 for " +
                                           std::to_string(limits.default_size)});
  }
  if (!page_token.empty() && !DecodeToken(page_token, filter, page.cursor)) {
    violations.push_back({"page_token", kPageTokenText});
  }
  if (!violations.empty()) return InvalidArgumentError(violations);
  return page;
}

std::string MakePageToken(std::string_view cursor, std::string_view filter) {
  ORDERFLOW_CHECK(!cursor.empty() && cursor.size() <= kMaxCursor);
  std::string bytes(1, kVersion);
  bytes.append(Checksum(cursor, filter)).append(cursor);
  return absl::WebSafeBase64Escape(bytes);
}

absl::Status BadPageTokenError() { return InvalidArgumentError({{"page_token", kPageTokenText}}); }

}  // namespace orderflow
