#pragma once

namespace orderflow::rpc {

// Prepares a server's process; the first thing in main, before any thread exists: SIGTERM and
// SIGINT wait for WaitForTermination, writing to a closed connection is no signal, memory is kept
// in few arenas, and gRPC's locks are not watched for deadlocks.
void PrepareServerProcess();

// Blocks until SIGTERM or SIGINT has come and answers which. After that, a second one ends the
// process at once.
int WaitForTermination();

// Sends what gRPC itself has to say through common/logging; after logging::Configure.
void RouteGrpcLogs();

}  // namespace orderflow::rpc
