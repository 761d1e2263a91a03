#include "common/hash/digest.h"

#include "gtest/gtest.h"

namespace orderflow {
namespace {

// The values are those of RFC 1321 and FIPS 180-4 for "abc".
TEST(DigestTest, EachAlgorithmGivesItsPublishedExample) {
  EXPECT_EQ(DigestHex("MD5", "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(DigestHex("SHA-1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(DigestHex("SHA-256", "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(DigestHex("SHA-384", "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(DigestHex("SHA-512", "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(DigestTest, AnUnknownNameGivesNothing) {
  EXPECT_EQ(DigestHex("sha-256", "abc"), std::nullopt);
  EXPECT_EQ(DigestHex("", "abc"), std::nullopt);
}

}  // namespace
}  // namespace orderflow
