#include "services/email/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "common/base/check.h"

extern char** environ;

namespace orderflow::email {

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  int input[2];
  int output[2];
  ORDERFLOW_CHECK(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  ORDERFLOW_CHECK(posix_spawn_file_actions_init(&actions) == 0);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ORDERFLOW_CHECK(posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) ==
                  0);
  posix_spawn_file_actions_destroy(&actions);
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  output_ = output[0];
}

ChildProcess::~ChildProcess() {
  CloseInput();
  close(output_);
  waitpid(pid_, nullptr, 0);
}

std::string ChildProcess::ReadLine() {
  std::string line;
  char c = 0;
  while (read(output_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string ChildProcess::Finish(const std::string& input) {
  ORDERFLOW_CHECK(write(input_, input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  CloseInput();
  std::string output;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(output_, buffer, sizeof(buffer))) > 0;) output.append(buffer, n);
  return output;
}

void ChildProcess::CloseInput() {
  if (input_ >= 0) close(std::exchange(input_, -1));
}

}  // namespace orderflow::email
