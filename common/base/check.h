#pragma once

#include <cstdio>
#include <cstdlib>

// Ends the process with the place and the condition if a condition that our own code guarantees
// does not hold. Never for input: a wrong request is a status.
#define ORDERFLOW_CHECK(condition)                                                       \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
