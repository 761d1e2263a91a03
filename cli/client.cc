#include "cli/client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <future>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "orderflow/order/v1/order.grpc.pb.h"

namespace orderflow::cli {
namespace {

constexpr int kMaxAnswerBytes = 64 << 20;  // a page of a thousand long executions

rpc::ChannelOptions ToChannelOptions(const TlsSettings& tls) {
  rpc::ChannelOptions options;
  options.max_message_bytes = kMaxAnswerBytes;
  options.tls.enabled = tls.enabled;
  options.tls.ca_file = tls.ca_file;
  options.tls.certificate_file = tls.cert_file;
  options.tls.key_file = tls.key_file;
  options.tls.server_name = tls.server_name;
  return options;
}

void SetDeadline(absl::Duration timeout, grpc::ClientContext& context) {
  if (timeout != absl::InfiniteDuration())
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
}

bool Serialize(const google::protobuf::Message& message, grpc::ByteBuffer& bytes) {
  bool own = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(message, &bytes,
                                                                                    &own)
      .ok();
}

}  // namespace

class Client::Impl {
 public:
  Impl(ServerName server, std::string address, const TlsSettings& tls)
      : server_(std::move(server)), address_(std::move(address)), tls_(tls.enabled) {
    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel =
        rpc::MakeChannel(address_, ToChannelOptions(tls));
    if (!channel.ok()) {
      setup_ = channel.status();
      return;
    }
    channel_ = *std::move(channel);
    generic_.emplace(channel_);
  }

  absl::Status Call(const std::string& method, const google::protobuf::Message& request,
                    google::protobuf::Message& response, absl::Duration timeout) {
    if (!setup_.ok()) return setup_;
    grpc::ClientContext context;
    SetDeadline(timeout, context);
    grpc::ByteBuffer request_bytes;
    grpc::ByteBuffer response_bytes;
    if (!Serialize(request, request_bytes))
      return absl::InternalError("the request cannot be serialized");

    std::promise<grpc::Status> answered;
    generic_->UnaryCall(
        &context, method, grpc::StubOptions(), &request_bytes, &response_bytes,
        [&answered](grpc::Status status) { answered.set_value(std::move(status)); });
    const grpc::Status status = answered.get_future().get();
    if (!status.ok()) return Explain(status, timeout);

    grpc::ProtoBufferReader reader(&response_bytes);
    if (!response.ParseFromZeroCopyStream(&reader)) {
      return absl::InternalError(
          absl::StrCat(Whom(), " answered something that is no ", response.GetTypeName()));
    }
    return absl::OkStatus();
  }

  absl::Status WatchOrder(
      const std::string& order_id, absl::Duration timeout,
      const std::function<void(const order::v1::WatchOrderResponse&)>& on_event) {
    if (!setup_.ok()) return setup_;
    grpc::ClientContext context;
    SetDeadline(timeout, context);
    order::v1::WatchOrderRequest request;
    request.set_order_id(order_id);
    const auto stub = order::v1::OrderService::NewStub(channel_);
    const auto stream = stub->WatchOrder(&context, request);
    order::v1::WatchOrderResponse event;
    while (stream->Read(&event)) on_event(event);
    const grpc::Status status = stream->Finish();
    return status.ok() ? absl::OkStatus() : Explain(status, timeout);
  }

 private:
  std::string Whom() const { return absl::StrCat("the ", server_.name, " at ", address_); }

  // gRPC's own words for a refused connection help nobody; those of the server are passed on.
  absl::Status Explain(const grpc::Status& status, absl::Duration timeout) const {
    absl::Status error = rpc::FromGrpcStatus(status);
    const bool connected = channel_->GetState(false) == GRPC_CHANNEL_READY;
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return absl::DeadlineExceededError(absl::StrCat(
          Whom(), " did not answer within ", absl::FormatDuration(timeout), "; see --timeout"));
    }
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE || connected ||
        GetErrorInfo(error).has_value())
      return error;
    const std::string advice =
        server_.flag.empty() ? ""
                             : absl::StrCat(": is it running? Start it with: orderflow up (or say ",
                                            "where it is with ", server_.flag, ")");
    return absl::UnavailableError(absl::StrCat("cannot reach ", Whom(), tls_ ? " with TLS" : "",
                                               advice, " [", status.error_message(), "]"));
  }

  const ServerName server_;
  const std::string address_;
  const bool tls_;
  absl::Status setup_;
  std::shared_ptr<grpc::Channel> channel_;
  std::optional<grpc::GenericStub> generic_;
};

Client::Client(ServerName server, std::string address, const TlsSettings& tls)
    : impl_(std::make_unique<Impl>(std::move(server), std::move(address), tls)) {}
Client::~Client() = default;

absl::Status Client::Call(const std::string& method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, absl::Duration timeout) {
  return impl_->Call(method, request, response, timeout);
}

absl::Status Client::WatchOrder(
    const std::string& order_id, absl::Duration timeout,
    const std::function<void(const order::v1::WatchOrderResponse&)>& on_event) {
  return impl_->WatchOrder(order_id, timeout, on_event);
}

}  // namespace orderflow::cli
