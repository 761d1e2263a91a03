#include "orchestrator/asl/resource.h"

#include "gtest/gtest.h"

namespace orderflow::asl {
namespace {

TEST(ResourceTest, EventsNameTheMethodWhateverTheAddressLooksLike) {
  for (const char* text :
       {"grpc://inventory:50052/a.Service/Method", "grpc://dns:///inventory:50052/a.Service/Method",
        "grpcs://dns://10.0.0.10:53/inventory:50052/a.Service/Method"}) {
    const Resource resource = ParseResource(text);
    EXPECT_EQ(resource.action, "a.Service/Method") << text;
    EXPECT_EQ(resource.text, text);
  }
  EXPECT_EQ(ParseResource("grpc://dns://10.0.0.10:53").action, "");
}

}  // namespace
}  // namespace orderflow::asl
