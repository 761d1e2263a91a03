#include "common/rpc/process.h"

#include <malloc.h>
#include <signal.h>

#include "common/base/check.h"

namespace orderflow::rpc {
namespace {

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void PrepareServerProcess() {
  const sigset_t signals = TerminationSignals();
  // Blocked in this thread, and so in all threads that it starts.
  ORDERFLOW_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
  // glibc gives each new thread an arena of its own, up to eight per core, which all keep what they once held.
  mallopt(M_ARENA_MAX, 2);
}

int WaitForTermination() {
  const sigset_t signals = TerminationSignals();
  int signal_number = 0;
  ORDERFLOW_CHECK(sigwait(&signals, &signal_number) == 0);
  ORDERFLOW_CHECK(pthread_sigmask(SIG_UNBLOCK, &signals, nullptr) == 0);
  return signal_number;
}

}  // namespace orderflow::rpc
