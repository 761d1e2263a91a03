// Whatever comes as target, signature and body gives a call or a fault whose answer is JSON.

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "orchestrator/aws/call.h"
#include "orchestrator/aws/operations.h"
#include "orchestrator/aws/signature.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::aws {
namespace {

// The input up to a line feed, which is taken away with it.
std::string TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  std::string line(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

void CheckAnswer(const Fault& fault) {
  ORDERFLOW_CHECK(!fault.type.empty() && fault.http_status >= 400);
  const http::ServerResponse response = MakeResponse(fault, "id");
  const json::ParseResult parsed = json::Parse(response.body);
  ORDERFLOW_CHECK(parsed.value && parsed.value->Find("__type") != nullptr);
}

void ReadInputs(const json::Value& input) {
  const auto& service =
      *workflow::v1::CreateStateMachineRequest::descriptor()->file()->FindServiceByName(
          "WorkflowService");
  for (int i = 0; i < service.method_count(); ++i) {
    const google::protobuf::Descriptor& type = *service.method(i)->input_type();
    const auto codec = protojson::MessageCodec::Create(type, internal::CodecOptions());
    std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
    if (const auto fault = internal::ReadInput(*codec, input, *message)) {
      CheckAnswer(*fault);
    } else {
      ORDERFLOW_CHECK(codec->FromMessage(*message).ok());
    }
  }
}

void Handle(std::string_view data) {
  http::ServerRequest request{.method = "POST", .target = "/", .headers = {}, .body = ""};
  request.headers.emplace_back("X-Amz-Target", TakeLine(data));
  request.headers.emplace_back("Authorization", TakeLine(data));
  request.headers.emplace_back("X-Amz-Date", TakeLine(data));
  request.body = std::string(data);
  static const FakeClock clock(absl::FromUnixSeconds(1440938160));
  static const SignatureVerifier verifier({{"A", {"secret", ""}}}, "us-east-1", clock);
  if (const auto fault = verifier.Verify(request)) CheckAnswer(*fault);
  const auto read = ReadCall(request);
  if (const Fault* fault = std::get_if<Fault>(&read)) return CheckAnswer(*fault);
  ReadInputs(std::get<Call>(read).input);
}

}  // namespace
}  // namespace orderflow::aws

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  orderflow::aws::Handle(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
