#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace orderflow::database {

// Stands between a test and a PostgreSQL server on a Unix socket, and can go away at the worst
// moment. Thread-safe.
class TestProxy {
 public:
  // `server_directory` has the server's socket.
  explicit TestProxy(std::string server_directory);
  ~TestProxy();

  // The directory with the proxy's socket: what stands for the host in its url.
  const std::string& directory() const { return directory_; }

  // The next time that a client sends something with this text it reaches the server, but instead
  // of its answer the client gets the end of its connection.
  void DropAnswerTo(std::string_view text);
  // Ends all connections and accepts no new ones until ComeBack. Returns when that is so.
  void GoAway();
  void ComeBack();

 private:
  struct Link {
    int client = -1;
    int server = -1;
    bool answers_dropped = false;
  };
  enum class State { kThere, kLeaving, kAway, kEnding };

  void Listen();
  void Serve();
  void Accept();
  std::vector<pollfd> Sockets();
  // False: the link has come to its end.
  bool Forward(Link& link, bool from_client);
  void CloseAll();
  void Wake();
  State TakeState();
  bool IsToBeDropped(std::string_view bytes);

  const std::string server_path_;
  std::string directory_;
  int listener_ = -1;
  int wake_[2];              // a pipe
  std::vector<Link> links_;  // the thread's own

  Mutex mutex_;
  CondVar changed_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kThere;
  std::string dropped_text_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace orderflow::database
