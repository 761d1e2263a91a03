#include "orchestrator/tasks/service_types.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace orderflow::tasks {

using google::protobuf::FileDescriptorSet;

ServiceTypes::ServiceTypes(std::shared_ptr<grpc::Channel> channel, std::string address,
                           std::string service, std::shared_ptr<const TypeSet> given,
                           const Options& options, const Clock& clock,
                           std::shared_ptr<InFlight> in_flight)
    : channel_(std::move(channel)),
      address_(std::move(address)),
      service_(std::move(service)),
      given_(given != nullptr),
      options_(options),
      clock_(clock),
      in_flight_(std::move(in_flight)),
      types_(std::move(given)) {}

std::optional<absl::StatusOr<ServiceTypes::Binding>> ServiceTypes::Find(const std::string& method,
                                                                        Waiter& waiter) {
  std::optional<absl::StatusOr<Binding>> known;
  {
    MutexLock lock(mutex_);
    const absl::Time now = clock_.Now();
    known = FindKnown(method, now);
    // Old types still serve, while newer ones are fetched.
    const bool refresh = known.has_value() && known->ok() && !given_ && now >= refresh_at_;
    if (known.has_value() && !refresh) return known;
    if (!known.has_value()) waiting_.push_back({method, std::move(waiter)});
    if (std::exchange(asking_, true)) return known;
  }
  Ask();
  return known;
}

std::optional<absl::StatusOr<ServiceTypes::Binding>> ServiceTypes::FindKnown(
    const std::string& method, absl::Time now) {
  if (types_ != nullptr) {
    absl::StatusOr<Binding> bound = Bind(method);
    // A method that is not there may have come with a newer server.
    if (bound.ok() || given_ || now < unknown_until_) return bound;
    return std::nullopt;
  }
  if (!unknown_service_.ok() && now < unknown_until_) return unknown_service_;
  return std::nullopt;
}

absl::StatusOr<ServiceTypes::Binding> ServiceTypes::Bind(const std::string& method) {
  auto known = bindings_.find(method);
  if (known != bindings_.end()) return known->second;
  absl::StatusOr<Binding> bound =
      BindMethod(types_, *types_->FindService(service_), method, address_);
  if (bound.ok()) bindings_.emplace(method, *bound);
  return bound;
}

void ServiceTypes::Ask() {
  in_flight_->Add();
  // By the machine's clock, as gRPC's deadlines are.
  const absl::Time deadline = absl::Now() + options_.lookup_deadline;
  auto lookup = ReflectionLookup::Start(
      channel_, service_, deadline,
      [this](absl::StatusOr<FileDescriptorSet> files) { OnAnswer(std::move(files)); });
  MutexLock lock(mutex_);
  if (asking_) lookup_ = std::move(lookup);  // else the answer was faster
}

void ServiceTypes::OnAnswer(absl::StatusOr<FileDescriptorSet> files) {
  const std::shared_ptr<InFlight> in_flight = in_flight_;
  Settle(ToTypes(std::move(files)));
  in_flight->Done();  // from here on, this may be gone
}

absl::StatusOr<std::shared_ptr<const TypeSet>> ServiceTypes::ToTypes(
    absl::StatusOr<FileDescriptorSet> files) const {
  const std::string unknown =
      absl::StrCat("the server at ", address_, " has no service ", service_);
  if (!files.ok()) {
    const std::string message(files.status().message());
    switch (files.status().code()) {
      case absl::StatusCode::kNotFound:
        return absl::UnimplementedError(unknown);
      case absl::StatusCode::kUnimplemented:
        return absl::UnimplementedError(absl::StrCat("the server at ", address_,
                                                     " has no reflection to tell the types of ",
                                                     service_, "; give them as a descriptor set"));
      case absl::StatusCode::kUnavailable:
      case absl::StatusCode::kDeadlineExceeded:
      case absl::StatusCode::kCancelled:
        return absl::UnavailableError(
            absl::StrCat("cannot ask ", address_, " for the types of ", service_, ": ", message));
      default:
        return absl::Status(
            files.status().code(),
            absl::StrCat("asking ", address_, " for the types of ", service_, ": ", message));
    }
  }
  absl::StatusOr<std::shared_ptr<const TypeSet>> types = TypeSet::Create(*files);
  if (!types.ok()) {
    return absl::InternalError(
        absl::StrCat("the types of ", service_, " from ", address_,
                     " cannot be used: ", std::string(types.status().message())));
  }
  if ((*types)->FindService(service_) == nullptr) return absl::UnimplementedError(unknown);
  return types;
}

void ServiceTypes::Settle(absl::StatusOr<std::shared_ptr<const TypeSet>> types) {
  std::vector<std::pair<Waiter, absl::StatusOr<Binding>>> told;
  {
    MutexLock lock(mutex_);
    asking_ = false;
    lookup_.reset();
    const absl::Time now = clock_.Now();
    refresh_at_ = now + (types.ok() ? options_.types_ttl : options_.unknown_method_ttl);
    if (types.ok() || types.status().code() == absl::StatusCode::kUnimplemented) {
      unknown_service_ = types.status();
      unknown_until_ = now + options_.unknown_method_ttl;
    }
    if (types.ok()) {
      types_ = *types;
      bindings_.clear();
    }
    for (Waiting& each : waiting_) {
      told.emplace_back(std::move(each.waiter), types.ok() ? Bind(each.method) : types.status());
    }
    waiting_.clear();
  }
  for (auto& [waiter, binding] : told) std::move(waiter)(std::move(binding));
}

void ServiceTypes::Close() {
  std::shared_ptr<ReflectionLookup> lookup;
  {
    MutexLock lock(mutex_);
    lookup = lookup_;
  }
  if (lookup != nullptr) lookup->Cancel();
}

}  // namespace orderflow::tasks
