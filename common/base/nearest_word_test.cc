#include "common/base/nearest_word.h"

#include "gtest/gtest.h"

namespace orderflow {
namespace {

const std::vector<std::string> kCommands = {"up",       "order", "execution",
                                            "workflow", "stock", "bench"};

TEST(NearestWordTest, FindsWhatASlipOfTheFingerMeant) {
  EXPECT_EQ(NearestWord("ordr", kCommands), "order");
  EXPECT_EQ(NearestWord("stokc", kCommands), "stock");
  EXPECT_EQ(NearestWord("workflows", kCommands), "workflow");
  EXPECT_EQ(NearestWord("exec", kCommands), "execution");
}

TEST(NearestWordTest, SaysNothingWhereNoWordIsNear) {
  EXPECT_EQ(NearestWord("deploy", kCommands), std::nullopt);
  EXPECT_EQ(NearestWord("", kCommands), std::nullopt);
  EXPECT_EQ(NearestWord(std::string(1000, 'x'), kCommands), std::nullopt);
}

}  // namespace
}  // namespace orderflow
