#include "common/metrics/metrics.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/test_matchers.h"
#include "common/metrics/endpoint.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::metrics {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RegistryTest, ShowsCountersAndGaugesWithTheirLabels) {
  Registry registry;
  registry.AddCounter("mails_sent_total", "Mails.", {{"transport", "smtp"}}).Add(3);
  registry.AddGauge("waiting", "Waiting.").Set(-2);
  EXPECT_THAT(registry.Text(),
              AllOf(HasSubstr("# HELP mails_sent_total Mails.\n# TYPE mails_sent_total counter\n"
                              "mails_sent_total{transport=\"smtp\"} 3"),
                    HasSubstr("# TYPE waiting gauge\nwaiting -2")));
}

TEST(RegistryTest, TheSameNameAndLabelsAreTheSameMetric) {
  Registry registry;
  EXPECT_EQ(&registry.AddCounter("a_total", ""), &registry.AddCounter("a_total", ""));
  EXPECT_NE(&registry.AddCounter("a_total", "", {{"x", "1"}}),
            &registry.AddCounter("a_total", "", {{"x", "2"}}));
}

TEST(RegistryTest, HistogramBucketsAreCumulative) {
  Registry registry;
  Histogram& histogram = registry.AddHistogram("wait_seconds", "Waits.");
  histogram.Observe(absl::Microseconds(500));  // on a bound: belongs to it
  histogram.Observe(absl::Milliseconds(3));
  histogram.Observe(absl::Hours(1));
  EXPECT_THAT(registry.Text(), AllOf(HasSubstr("wait_seconds_count 3"),
                                     HasSubstr("wait_seconds_bucket{le=\"0.0005\"} 1"),
                                     HasSubstr("wait_seconds_bucket{le=\"0.0025\"} 1"),
                                     HasSubstr("wait_seconds_bucket{le=\"0.005\"} 2"),
                                     HasSubstr("wait_seconds_bucket{le=\"30\"} 2"),
                                     HasSubstr("wait_seconds_bucket{le=\"+Inf\"} 3"),
                                     HasSubstr("wait_seconds_sum 3600.0035")));
}

TEST(RegistryTest, RpcMethodsAreCountedByCode) {
  Registry registry;
  RpcMethod& method = registry.AddRpcMethod("a.v1.Service", "Get");
  for (int i = 0; i < 3; ++i) method.Start();
  method.Finish(absl::StatusCode::kOk, 1'000'000);
  method.Finish(absl::StatusCode::kNotFound, 2'000'000);
  method.Finish(static_cast<absl::StatusCode>(99), 0);
  const std::string labels = "{grpc_service=\"a.v1.Service\",grpc_method=\"Get\"";
  EXPECT_THAT(
      registry.Text(),
      AllOf(HasSubstr("grpc_server_started_total" + labels + "} 3"),
            HasSubstr("grpc_server_handled_total" + labels + ",grpc_code=\"OK\"} 1"),
            HasSubstr("grpc_server_handled_total" + labels + ",grpc_code=\"NOT_FOUND\"} 1"),
            HasSubstr("grpc_server_handled_total" + labels + ",grpc_code=\"UNKNOWN\"} 1"),
            HasSubstr("grpc_server_handling_seconds_count" + labels + ",grpc_code=\"OK\"} 1"),
            Not(HasSubstr("grpc_code=\"ABORTED\""))));
}

TEST(RegistryTest, ACallbackIsAskedWhileItsRegistrationLives) {
  Registry registry;
  double value = 1;
  Registration registration =
      registry.AddCallback(Kind::kGauge, "queued", "Queued.", {}, [&] { return value; });
  value = 5;
  EXPECT_THAT(registry.Text(), HasSubstr("queued 5"));
  Registration moved = std::move(registration);
  EXPECT_THAT(registry.Text(), HasSubstr("queued 5"));
  moved.Reset();
  EXPECT_THAT(registry.Text(), Not(HasSubstr("queued")));
}

TEST(RegistryTest, ACollectorSaysItsLabelsAtTheScrape) {
  Registry registry;
  std::vector<Sample> low;
  const Registration registration =
      registry.AddCollector(Kind::kGauge, "low", "Low.", [&] { return low; });
  EXPECT_THAT(registry.Text(), AllOf(HasSubstr("# TYPE low gauge\n"), Not(HasSubstr("low{"))));
  low = {{{{"product", "a"}}, 3}, {{{"product", "b"}}, 0}};
  EXPECT_THAT(registry.Text(), HasSubstr("low{product=\"a\"} 3\nlow{product=\"b\"} 0\n"));
}

std::string HttpGet(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;)
      answer.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  return answer;
}

TEST(EndpointTest, ServesTheRegistryOverHttp) {
  Registry registry;
  registry.AddCounter("things_total", "Things.").Add(2);
  auto endpoint = Endpoint::Listen("127.0.0.1:0", registry);
  ASSERT_THAT(endpoint, IsOk());
  EXPECT_THAT(HttpGet((*endpoint)->port(), "/metrics"),
              AllOf(HasSubstr("200 OK"), HasSubstr("things_total 2")));
  EXPECT_THAT(HttpGet((*endpoint)->port(), "/other"), HasSubstr("404"));
}

TEST(EndpointTest, APortInUseIsNamed) {
  Registry registry;
  auto first = Endpoint::Listen("127.0.0.1:0", registry);
  ASSERT_THAT(first, IsOk());
  const std::string address = "127.0.0.1:" + std::to_string((*first)->port());
  EXPECT_THAT(Endpoint::Listen(address, registry),
              StatusIs(absl::StatusCode::kUnavailable, address + " is in use by another process"));
  EXPECT_THAT(Endpoint::Listen("9464", registry), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace orderflow::metrics
