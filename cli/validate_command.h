#pragma once

#include "cli/session.h"

namespace orderflow::cli {

// Adds `validate` to `orderflow workflow`.
void AddValidateCommand(CLI::App& workflow, Session& session);

}  // namespace orderflow::cli
