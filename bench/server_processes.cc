#include "bench/server_processes.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/child_process.h"
#include "common/base/status.h"
#include "common/json/value.h"

namespace orderflow::bench {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(30);

// The address in the log line that a server prints when it listens, or nothing yet.
std::string FindListenAddress(const std::string& log_file, std::string& last_line) {
  std::ifstream log(log_file);
  for (std::string line; std::getline(log, line);) {
    last_line = line;
    const json::ParseResult parsed = json::Parse(line);
    if (!parsed.value) continue;
    const json::Value* message = parsed.value->Find("message");
    const json::Value* address = parsed.value->Find("address");
    if (message != nullptr && *message == json::Value("listening") && address != nullptr &&
        address->IsString()) {
      return address->AsString();
    }
  }
  return "";
}

}  // namespace

class ServerProcesses::Impl {
 public:
  ~Impl() {
    // The orchestrator first: a service that is gone would only make it retry.
    while (!children_.empty()) children_.pop_back();
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }

  absl::Status Start(const std::string& binaries) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "orderflow-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      return absl::UnavailableError(absl::StrCat("cannot create ", pattern));
    directory_ = pattern;
    ServerAddresses& at = servers_.addresses;
    ORDERFLOW_ASSIGN_OR_RETURN(at.receive, StartServer(binaries, "receive", {}));
    ORDERFLOW_ASSIGN_OR_RETURN(at.inventory, StartServer(binaries, "inventory", {}));
    ORDERFLOW_ASSIGN_OR_RETURN(at.payment, StartServer(binaries, "payment", {}));
    ORDERFLOW_ASSIGN_OR_RETURN(
        at.email,
        StartServer(binaries, "email", {absl::StrCat("--maildir=", directory_, "/mail")}));
    ORDERFLOW_ASSIGN_OR_RETURN(at.orchestrator,
                               StartServer(binaries, "orchestrator",
                                           {"--aws_listen=",  // nobody asks it
                                            absl::StrCat("--receive_address=", at.receive),
                                            absl::StrCat("--inventory_address=", at.inventory),
                                            absl::StrCat("--payment_address=", at.payment),
                                            absl::StrCat("--email_address=", at.email)}));
    return absl::OkStatus();
  }

  const ServersUnderTest& servers() const { return servers_; }

 private:
  absl::StatusOr<std::string> StartServer(const std::string& binaries, const std::string& name,
                                          const std::vector<std::string>& more_flags) {
    const std::string log_file = absl::StrCat(directory_, "/", name, ".log");
    std::vector<std::string> command = {
        absl::StrCat(binaries, "/orderflow-", name), "--listen=127.0.0.1:0",
        "--metrics_listen=127.0.0.1:0",
        absl::StrCat("--database=sqlite:", directory_, "/", name, ".db")};
    command.insert(command.end(), more_flags.begin(), more_flags.end());
    ORDERFLOW_ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start(command, log_file));
    const absl::Time deadline = absl::Now() + kStartTimeout;
    std::string last_line;
    while (absl::Now() < deadline) {
      const bool is_running = child.IsRunning();
      const std::string address = FindListenAddress(log_file, last_line);
      if (!is_running)
        return absl::UnavailableError(absl::StrCat(command[0], " ended at once: ", last_line));
      if (!address.empty()) {
        servers_.processes[name] = child.pid();
        children_.push_back(std::move(child));
        return address;
      }
      absl::SleepFor(absl::Milliseconds(20));
    }
    return absl::UnavailableError(absl::StrCat(command[0], " does not listen after ",
                                               absl::FormatDuration(kStartTimeout), ": ",
                                               last_line));
  }

  std::string directory_;
  std::vector<ChildProcess> children_;
  ServersUnderTest servers_;
};

ServerProcesses::ServerProcesses(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerProcesses::~ServerProcesses() = default;

absl::StatusOr<std::unique_ptr<ServerProcesses>> ServerProcesses::Start(
    const std::string& binaries) {
  auto impl = std::make_unique<Impl>();
  ORDERFLOW_RETURN_IF_ERROR(impl->Start(binaries));
  return std::unique_ptr<ServerProcesses>(new ServerProcesses(std::move(impl)));
}

const ServersUnderTest& ServerProcesses::servers() const { return impl_->servers(); }

}  // namespace orderflow::bench
