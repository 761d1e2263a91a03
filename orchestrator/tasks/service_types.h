#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "orchestrator/tasks/in_flight.h"
#include "orchestrator/tasks/reflection_lookup.h"
#include "orchestrator/tasks/type_set.h"

namespace orderflow::tasks {

// The methods of one service at one server: asked for by reflection once, when the first call needs
// them, and again when a method is not among them or they have become old. Calls that come
// meanwhile share the question; a question that failed is asked again by the next call.
//
// Thread-safe. Must live until nothing is in flight: see Close.
class ServiceTypes {
 public:
  struct Options {
    absl::Duration lookup_deadline;
    absl::Duration unknown_method_ttl;
    absl::Duration types_ttl;
  };
  using Binding = std::shared_ptr<const MethodBinding>;
  using Waiter = absl::AnyInvocable<void(absl::StatusOr<Binding>) &&>;

  // `given`: types that are known already and need no reflection; null otherwise.
  ServiceTypes(std::shared_ptr<grpc::Channel> channel, std::string address, std::string service,
               std::shared_ptr<const TypeSet> given, const Options& options, const Clock& clock,
               std::shared_ptr<InFlight> in_flight);

  // The method, if that can be said at once; then the waiter is left alone. Otherwise the waiter is
  // called later, on a gRPC thread. UNIMPLEMENTED: no such service or method, or it streams, or the
  // server has no reflection. Other codes, UNAVAILABLE mostly: the server could not be asked.
  std::optional<absl::StatusOr<Binding>> Find(const std::string& method, Waiter& waiter);

  // Gives up the question that is under way; its waiters are told. No more Find after this.
  void Close();

 private:
  struct Waiting {
    std::string method;
    Waiter waiter;
  };

  // What can be said without asking; nothing if the server must be asked first.
  std::optional<absl::StatusOr<Binding>> FindKnown(const std::string& method, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Binding> Bind(const std::string& method) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Ask();
  void OnAnswer(absl::StatusOr<google::protobuf::FileDescriptorSet> files);
  absl::StatusOr<std::shared_ptr<const TypeSet>> ToTypes(
      absl::StatusOr<google::protobuf::FileDescriptorSet> files) const;
  void Settle(absl::StatusOr<std::shared_ptr<const TypeSet>> types);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string address_;
  const std::string service_;
  const bool given_;
  const Options options_;
  const Clock& clock_;
  const std::shared_ptr<InFlight> in_flight_;

  Mutex mutex_;
  std::shared_ptr<const TypeSet> types_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Binding> bindings_ ABSL_GUARDED_BY(mutex_);
  absl::Status unknown_service_
      ABSL_GUARDED_BY(mutex_);  // not OK: the server answered that it has none
  absl::Time refresh_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // types are old then
  absl::Time unknown_until_ ABSL_GUARDED_BY(mutex_) =
      absl::InfinitePast();  // what is not there is not asked for again
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<ReflectionLookup> lookup_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::tasks
