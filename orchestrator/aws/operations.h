#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "common/http/server.h"
#include "common/json/value.h"
#include "common/protojson/message_codec.h"
#include "orchestrator/aws/fault.h"

namespace orderflow::rpc {
struct ServedMethod;
}

namespace orderflow::aws {

// One operation: reads JSON into its request message, calls the domain, writes the response.
// Thread-safe.
class Operation {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<json::Value>) &&>;

  virtual ~Operation() = default;
  // Nothing where `input` fits the request message: then `done` will be called. `when_gone` tells
  // of the caller.
  virtual std::optional<Fault> Call(const json::Value& input, const http::WhenGone& when_gone,
                                    Done done) const = 0;
  // The RPC method that it stands for; counts and bounds the calls of both.
  rpc::ServedMethod& method() const { return method_; }

 protected:
  explicit Operation(rpc::ServedMethod& method) : method_(method) {}

 private:
  rpc::ServedMethod& method_;
};

// The operations that the endpoint has, by name. Each is one of WorkflowService and transcodes its
// messages, so that there is no second description of the API: JSON names of fields are the members
// of AWS, a time is a number of seconds, an enumeration's value has no prefix.
//
//   operations.Add(machines, &StateMachineApi::Create);   // takes CreateStateMachineRequest
//
// Thread-safe once all are added. Borrows the objects that carry operations out.
class Operations {
 public:
  template <typename Api, typename Request, typename Response>
  void Add(Api& api, void (Api::*method)(const Request&, Callback<Response>));
  // One that has to know whether the caller is still there.
  template <typename Request, typename Response>
  void Add(std::function<void(const Request&, const http::WhenGone&, Callback<Response>)> method);

  // nullptr if there is none.
  const Operation* Find(std::string_view name) const;

 private:
  void Add(std::unique_ptr<const Operation> operation);

  absl::flat_hash_map<std::string, std::unique_ptr<const Operation>> operations_;
};

namespace internal {

// The forms of messages on AWS.
protojson::Options CodecOptions();
rpc::ServedMethod& MethodOf(const google::protobuf::Descriptor& request);
// All that an operation does but the call itself.
std::optional<Fault> ReadInput(const protojson::MessageCodec& codec, const json::Value& input,
                               google::protobuf::Message& message);

template <typename Request, typename Response>
class TypedOperation final : public Operation {
 public:
  using Method = std::function<void(const Request&, const http::WhenGone&, Callback<Response>)>;

  explicit TypedOperation(Method method)
      : Operation(MethodOf(*Request::descriptor())),
        call_(std::move(method)),
        requests_(protojson::MessageCodec::Create(*Request::descriptor(), CodecOptions())),
        responses_(protojson::MessageCodec::Create(*Response::descriptor(), CodecOptions())) {}

  std::optional<Fault> Call(const json::Value& input, const http::WhenGone& when_gone,
                            Done done) const override {
    // The domain wants the request to live until it calls back.
    auto request = std::make_unique<Request>();
    if (auto fault = ReadInput(*requests_, input, *request)) return fault;
    const Request& borrowed = *request;
    call_(borrowed, when_gone,
          [request = std::move(request), codec = responses_,
           done = std::move(done)](absl::StatusOr<Response> response) mutable {
            if (!response.ok()) return std::move(done)(response.status());
            std::move(done)(codec->FromMessage(*response));
          });
    return std::nullopt;
  }

 private:
  const Method call_;
  const std::shared_ptr<const protojson::MessageCodec> requests_;
  const std::shared_ptr<const protojson::MessageCodec> responses_;
};

}  // namespace internal

template <typename Api, typename Request, typename Response>
void Operations::Add(Api& api, void (Api::*method)(const Request&, Callback<Response>)) {
  Add<Request, Response>(
      [&api, method](const Request& request, const http::WhenGone&, Callback<Response> done) {
        (api.*method)(request, std::move(done));
      });
}

template <typename Request, typename Response>
void Operations::Add(
    std::function<void(const Request&, const http::WhenGone&, Callback<Response>)> method) {
  Add(std::make_unique<internal::TypedOperation<Request, Response>>(std::move(method)));
}

}  // namespace orderflow::aws
