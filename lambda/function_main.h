#pragma once

#include <string>
#include <string_view>

#include "lambda/function.h"

namespace orderflow::lambda {

// The rest of a function's main: reads the settings from the environment (ORDERFLOW_...), then
// serves invocations. Which of the functions this is says the first argument, or else the
// function's handler (_HANDLER). Answers the exit status, which is never 0: a sandbox ends from
// outside, or because it cannot go on, which one line on standard error tells. `service` names it
// in logs.
int RunFunction(int argc, char** argv, std::string_view service, const OpenFunctions& open);

// The authorities that come with the package, a PEM file, since the sandbox need not have any.
// Empty if there is no such file.
std::string PackagedCertificates();

}  // namespace orderflow::lambda
