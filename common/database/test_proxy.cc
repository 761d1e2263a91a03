#include "common/database/test_proxy.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "common/base/check.h"

namespace orderflow::database {
namespace {

constexpr char kSocketName[] = "/.s.PGSQL.5432";

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  ORDERFLOW_CHECK(path.size() < sizeof(address.sun_path));
  std::strcpy(address.sun_path, path.c_str());
  return address;
}

int NewSocket() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ORDERFLOW_CHECK(fd >= 0);
  return fd;
}

}  // namespace

TestProxy::TestProxy(std::string server_directory)
    : server_path_(std::move(server_directory) + kSocketName) {
  directory_ = (std::filesystem::temp_directory_path() / "orderflow-proxy-XXXXXX").string();
  ORDERFLOW_CHECK(mkdtemp(directory_.data()) != nullptr);
  ORDERFLOW_CHECK(pipe2(wake_, O_CLOEXEC | O_NONBLOCK) == 0);
  Listen();
  thread_ = std::thread([this] { Serve(); });
}

TestProxy::~TestProxy() {
  {
    MutexLock lock(mutex_);
    state_ = State::kEnding;
  }
  Wake();
  thread_.join();
  close(wake_[0]);
  close(wake_[1]);
  std::filesystem::remove_all(directory_);
}

void TestProxy::DropAnswerTo(std::string_view text) {
  MutexLock lock(mutex_);
  dropped_text_ = text;
}

void TestProxy::GoAway() {
  MutexLock lock(mutex_);
  state_ = State::kLeaving;
  Wake();
  while (state_ != State::kAway) changed_.Wait(mutex_);
}

void TestProxy::ComeBack() {
  MutexLock lock(mutex_);
  state_ = State::kThere;
  Wake();
}

void TestProxy::Wake() { ORDERFLOW_CHECK(write(wake_[1], "", 1) == 1); }

void TestProxy::Listen() {
  const std::string path = directory_ + kSocketName;
  const sockaddr_un address = AddressOf(path);
  listener_ = NewSocket();
  ORDERFLOW_CHECK(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
                  0);
  ORDERFLOW_CHECK(listen(listener_, 16) == 0);
}

void TestProxy::CloseAll() {
  for (const Link& link : links_) {
    close(link.client);
    close(link.server);
  }
  links_.clear();
  if (listener_ >= 0) close(listener_);
  listener_ = -1;
  unlink((directory_ + kSocketName).c_str());
}

// The state that the thread is to bring about; says that it is away once it is.
TestProxy::State TestProxy::TakeState() {
  MutexLock lock(mutex_);
  if (state_ == State::kLeaving) {
    CloseAll();
    state_ = State::kAway;
    changed_.NotifyAll();
  }
  return state_;
}

void TestProxy::Accept() {
  Link link;
  link.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  link.server = NewSocket();
  const sockaddr_un address = AddressOf(server_path_);
  ORDERFLOW_CHECK(
      connect(link.server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  links_.push_back(link);
}

// The pipe, then two for each link, then the listener if there is one.
std::vector<pollfd> TestProxy::Sockets() {
  std::vector<pollfd> sockets = {{.fd = wake_[0], .events = POLLIN, .revents = 0}};
  for (const Link& link : links_) {
    sockets.push_back({.fd = link.client, .events = POLLIN, .revents = 0});
    sockets.push_back({.fd = link.server, .events = POLLIN, .revents = 0});
  }
  if (listener_ >= 0) sockets.push_back({.fd = listener_, .events = POLLIN, .revents = 0});
  return sockets;
}

void TestProxy::Serve() {
  while (true) {
    const State state = TakeState();
    if (state == State::kEnding) return CloseAll();
    if (state == State::kThere && listener_ < 0) Listen();
    std::vector<pollfd> sockets = Sockets();
    poll(sockets.data(), sockets.size(), -1);
    char ignored[64];
    if (sockets[0].revents != 0) (void)!read(wake_[0], ignored, sizeof(ignored));
    std::vector<Link> alive;
    for (size_t i = 0; i < links_.size(); ++i) {
      Link& link = links_[i];
      const bool open = (sockets[1 + 2 * i].revents == 0 || Forward(link, /*from_client=*/true)) &&
                        (sockets[2 + 2 * i].revents == 0 || Forward(link, /*from_client=*/false));
      if (open) {
        alive.push_back(link);
      } else {
        close(link.client);
        close(link.server);
      }
    }
    const bool calls = listener_ >= 0 && sockets.back().revents != 0;
    links_ = std::move(alive);
    if (calls) Accept();
  }
}

bool TestProxy::IsToBeDropped(std::string_view bytes) {
  MutexLock lock(mutex_);
  if (dropped_text_.empty() || bytes.find(dropped_text_) == std::string_view::npos) return false;
  dropped_text_.clear();
  return true;
}

bool TestProxy::Forward(Link& link, bool from_client) {
  char buffer[16384];
  const ssize_t size = read(from_client ? link.client : link.server, buffer, sizeof(buffer));
  if (size <= 0) return false;
  if (!from_client && link.answers_dropped)
    return false;  // The server has done it; the client shall not know.
  if (from_client && IsToBeDropped(std::string_view(buffer, size))) link.answers_dropped = true;
  return send(from_client ? link.server : link.client, buffer, size, MSG_NOSIGNAL) == size;
}

}  // namespace orderflow::database
