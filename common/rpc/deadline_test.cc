// A deadline that has passed on arrival. gRPC's own clients do not even send such a call, so this
// one is made with a plain HTTP/2 client.

#include <curl/curl.h>

#include <atomic>
#include <string>

#include "common/base/test_matchers.h"
#include "common/rpc/server.h"
#include "common/rpc/test_module.h"

namespace orderflow::rpc {
namespace {

size_t AppendTo(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

// Calls ReceiveOrder with an empty message and this grpc-timeout; answers the headers and trailers.
std::string CallWithTimeout(const std::string& address, const std::string& timeout) {
  const std::string url = "http://" + address + "/orderflow.receive.v1.ReceiveService/ReceiveOrder";
  std::string headers;
  std::string body;
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/grpc");
  list = curl_slist_append(list, "TE: trailers");
  list = curl_slist_append(list, ("grpc-timeout: " + timeout).c_str());
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 5L);
  curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, "\0\0\0\0\0");  // not compressed, length 0
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, AppendTo);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendTo);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  curl_slist_free_all(list);
  return headers;
}

TEST(DeadlineTest, ACallWhoseDeadlineHasPassedIsNotBegun) {
  TestModule module;
  std::atomic<int> handled{0};
  module.SetHandler([&](const auto&, auto done) {
    ++handled;
    std::move(done)(TestModule::Response());
  });
  auto server = Server::Start({}, module);
  ASSERT_THAT(server, IsOk());
  EXPECT_THAT(CallWithTimeout((*server)->address(), "20S"), ::testing::HasSubstr("grpc-status: 0"));
  EXPECT_EQ(handled, 1);
  // Not "1n": gRPC rounds timeouts up to a millisecond, which is time enough.
  for (int i = 0; i < 20; ++i) CallWithTimeout((*server)->address(), "0n");
  EXPECT_EQ(handled, 1);
}

}  // namespace
}  // namespace orderflow::rpc
