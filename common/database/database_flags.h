#pragma once

// The settings that say where a program's data are, declared once: for servers and for Lambda
// functions. Only what belongs to a main includes this: linking it registers the flags.

#include <string>
#include <string_view>

#include "common/database/database.h"

namespace orderflow::database {

// Where programs differ in their defaults. To be called before the settings are read.
void SetFlagDefaults(const std::string& url, int connections = Options().connections);

// --database and what belongs to it, after the settings were read; `name` is the schema's owner,
// such as "receive".
Options OptionsFromFlags(std::string_view name);

}  // namespace orderflow::database
