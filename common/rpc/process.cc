#include "common/rpc/process.h"

#include <grpc/support/log.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/logging/logging.h"

namespace orderflow::rpc {
namespace {

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Every connection costs a descriptor, and the soft limit is often 1,024 for the sake of old
// programs.
void RaiseDescriptorLimit() {
  constexpr rlim_t kEnough = 65'536;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  setrlimit(RLIMIT_NOFILE, &limit);
}

void LogForGrpc(gpr_log_func_args* args) {
  const logging::Level level = args->severity == GPR_LOG_SEVERITY_ERROR  ? logging::Level::kWarning
                               : args->severity == GPR_LOG_SEVERITY_INFO ? logging::Level::kInfo
                                                                         : logging::Level::kDebug;
  logging::Log(level, "grpc",
               {{"detail", args->message}, {"file", args->file}, {"line", args->line}});
}

}  // namespace

void PrepareServerProcess() {
  const sigset_t signals = TerminationSignals();
  // Blocked in this thread, and so in all threads that it starts.
  ORDERFLOW_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  // glibc gives each new thread an arena of its own, up to eight per core, which all keep what they
  // once held.
  mallopt(M_ARENA_MAX, 2);
  // gRPC's locks are Abseil's, which as Debian packages it keeps a graph of who holds what while
  // waiting for what, and aborts the process for a cycle: a check for those who debug gRPC.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

void RouteGrpcLogs() { gpr_set_log_function(LogForGrpc); }

int WaitForTermination() {
  const sigset_t signals = TerminationSignals();
  int signal_number = 0;
  ORDERFLOW_CHECK(sigwait(&signals, &signal_number) == 0);
  ORDERFLOW_CHECK(pthread_sigmask(SIG_UNBLOCK, &signals, nullptr) == 0);
  return signal_number;
}

}  // namespace orderflow::rpc
