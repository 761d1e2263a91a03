#include <unistd.h>

#include <iostream>

#include "cli/session.h"

int main(int argc, char** argv) {
  return orderflow::cli::RunCli(argc, argv, std::cout, std::cerr, isatty(STDOUT_FILENO) == 1);
}
