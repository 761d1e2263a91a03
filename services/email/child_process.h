#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace orderflow::email {

// A program that a test runs beside itself, with pipes to its standard input and output.
// One thread only. The destructor closes its input, which is its sign to end, and waits for it.
class ChildProcess {
 public:
  // Aborts the test program if the program cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line of its output, without the line feed; empty at the end.
  std::string ReadLine();
  // Gives it `input`, ends its input, and answers the rest of its output.
  std::string Finish(const std::string& input);

 private:
  void CloseInput();

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
};

}  // namespace orderflow::email
