// Whatever parses names a resource that parses to the same.

#include <cstddef>
#include <cstdint>

#include "common/base/check.h"
#include "orchestrator/tasks/grpc_resource.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using orderflow::tasks::ParseGrpcResource;
  const auto parsed =
      ParseGrpcResource(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed.ok()) {
    ORDERFLOW_CHECK(!parsed.status().message().empty());
    return 0;
  }
  const std::string text = (parsed->tls ? "grpcs://" : "grpc://") + parsed->address +
                           parsed->path() + (parsed->waits_for_token ? ".waitForTaskToken" : "");
  const auto again = ParseGrpcResource(text);
  ORDERFLOW_CHECK(again.ok() && *again == *parsed);
  return 0;
}
