#include "lambda/runtime_api.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/json/value.h"

namespace orderflow::lambda {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using std::chrono::steady_clock;

constexpr char kPrefix[] = "/2018-06-01/runtime/";
// The longest that Lambda lets a function run; a clock that jumped must not make it more.
constexpr std::chrono::minutes kLongestInvocation(15);

std::string HeaderOf(const Response& response, std::string_view name) {
  const auto value = response[boost::beast::string_view(name.data(), name.size())];
  return std::string(value.data(), value.size());
}

// From the wall clock's milliseconds, which are Lambda's, to ours.
steady_clock::time_point DeadlineOf(const std::string& text) {
  using std::chrono::milliseconds;
  using std::chrono::system_clock;
  int64_t deadline_ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), deadline_ms);
  const bool good = error == std::errc() && end == text.data() + text.size() && deadline_ms >= 0;
  const auto now = std::chrono::duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  const milliseconds left =
      good ? milliseconds(deadline_ms) - now : milliseconds(kLongestInvocation);
  return steady_clock::now() + std::min<milliseconds>(left, kLongestInvocation);
}

// What stands in a header: one line of visible ASCII.
std::string HeaderText(std::string_view text) {
  std::string out(text.substr(0, 256));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x21 || c > 0x7e; }, '_');
  return out;
}

std::string ErrorJson(const failure::TaskFailure& failure) {
  return json::Serialize(json::Value::Object({{"errorMessage", failure.cause},
                                              {"errorType", failure.error},
                                              {"stackTrace", json::Value::List({})}}));
}

}  // namespace

// One HTTP/1.1 connection, kept as long as the other side keeps it.
class RuntimeApi::Connection {
 public:
  Connection(std::string host, std::string port) : host_(std::move(host)), port_(std::move(port)) {}

  // UNAVAILABLE: no connection, or no answer over a new one.
  absl::StatusOr<Response> Exchange(Request& request) {
    request.version(11);
    request.set(http::field::host, host_ + ":" + port_);
    request.set(http::field::user_agent, "orderflow-lambda");
    request.prepare_payload();
    if (socket_.has_value()) {
      if (absl::StatusOr<Response> response = Try(request); response.ok()) return response;
    }
    ORDERFLOW_RETURN_IF_ERROR(Connect(request));
    return Try(request);
  }

 private:
  absl::Status Connect(const Request& request) {
    error_code error;
    tcp::resolver resolver(context_);
    const auto addresses = resolver.resolve(host_, port_, error);
    socket_.emplace(context_);
    buffer_.clear();
    if (!error) boost::asio::connect(*socket_, addresses, error);
    if (!error) socket_->set_option(tcp::no_delay(true), error);
    return error ? Failed(request, error) : absl::OkStatus();
  }

  absl::StatusOr<Response> Try(const Request& request) {
    error_code error;
    http::write(*socket_, request, error);
    if (error) return Failed(request, error);
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);  // Lambda has limits of its own
    http::read(*socket_, buffer_, parser, error);
    if (error) return Failed(request, error);
    if (!parser.get().keep_alive()) socket_.reset();
    return parser.release();
  }

  absl::Status Failed(const Request& request, const error_code& error) {
    socket_.reset();
    const auto target = request.target();
    return absl::UnavailableError("the Runtime API at " + host_ + ":" + port_ +
                                  " does not answer " + std::string(target.data(), target.size()) +
                                  ": " + error.message());
  }

  const std::string host_;
  const std::string port_;
  boost::asio::io_context context_{1};
  std::optional<tcp::socket> socket_;
  boost::beast::flat_buffer buffer_;
};

absl::StatusOr<std::unique_ptr<RuntimeApi>> RuntimeApi::Create(std::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : endpoint.substr(colon + 1);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
  if (!digits || colon == 0) {
    return absl::InvalidArgumentError(
        "AWS_LAMBDA_RUNTIME_API is " + Quote(endpoint) +
        "; expected HOST:PORT, which Lambda (or an emulator of it) sets");
  }
  return std::unique_ptr<RuntimeApi>(new RuntimeApi(
      std::make_unique<Connection>(std::string(endpoint.substr(0, colon)), std::string(port))));
}

RuntimeApi::RuntimeApi(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

RuntimeApi::~RuntimeApi() = default;

absl::StatusOr<Invocation> RuntimeApi::Next() {
  Request request(http::verb::get, std::string(kPrefix) + "invocation/next", 11);
  ORDERFLOW_ASSIGN_OR_RETURN(Response response, connection_->Exchange(request));
  Invocation invocation{.request_id = HeaderOf(response, "Lambda-Runtime-Aws-Request-Id"),
                        .function_arn = HeaderOf(response, "Lambda-Runtime-Invoked-Function-Arn"),
                        .trace_id = HeaderOf(response, "Lambda-Runtime-Trace-Id"),
                        .deadline = DeadlineOf(HeaderOf(response, "Lambda-Runtime-Deadline-Ms")),
                        .event = ""};
  if (response.result() != http::status::ok || invocation.request_id.empty()) {
    return absl::UnavailableError(
        "the Runtime API answers invocation/next with status " +
        std::to_string(response.result_int()) +
        (response.result() == http::status::ok ? " but no request id" : ""));
  }
  invocation.event = std::move(response.body());
  return invocation;
}

absl::Status RuntimeApi::Respond(const std::string& request_id, std::string_view json) {
  return Post("invocation/" + request_id + "/response", json, "");
}

absl::Status RuntimeApi::Fail(const std::string& request_id, const failure::TaskFailure& failure) {
  return Post("invocation/" + request_id + "/error", ErrorJson(failure), failure.error);
}

absl::Status RuntimeApi::FailInit(const failure::TaskFailure& failure) {
  return Post("init/error", ErrorJson(failure), failure.error);
}

absl::Status RuntimeApi::Post(const std::string& target, std::string_view body,
                              std::string_view error_type) {
  Request request(http::verb::post, kPrefix + target, 11, std::string(body));
  request.set(http::field::content_type, "application/json");
  if (!error_type.empty())
    request.set("Lambda-Runtime-Function-Error-Type", HeaderText(error_type));
  ORDERFLOW_ASSIGN_OR_RETURN(const Response response, connection_->Exchange(request));
  const unsigned status = response.result_int();
  if (status >= 200 && status < 300) return absl::OkStatus();
  const std::string message =
      "the Runtime API answers " + target + " with status " + std::to_string(status);
  // A server error means that the sandbox is beyond repair.
  if (status >= 400 && status < 500) return absl::FailedPreconditionError(message);
  return absl::UnavailableError(message);
}

}  // namespace orderflow::lambda
