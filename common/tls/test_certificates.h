#pragma once

#include <string>

#include "absl/time/time.h"

namespace orderflow::tls {

// Makes certificates for tests, as PEM files in a directory. An authority signs them: NAME.crt and
// NAME.key each. Aborts the test on failure.
class TestAuthority {
 public:
  // Writes `directory`/`name`.crt, the authority's own certificate.
  TestAuthority(std::string directory, std::string name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  std::string certificate_file() const;
  // Writes a certificate for `host` (a DNS name or IP address) and its key, over files of that name
  // if there are some.
  void Issue(const std::string& file_stem, const std::string& host,
             absl::Duration from = -absl::Hours(1), absl::Duration until = absl::Hours(1)) const;

 private:
  struct Pair;
  std::string directory_;
  std::string name_;
  Pair* pair_;
};

}  // namespace orderflow::tls
