#pragma once

#include <string_view>

namespace orderflow::cli {

// services/inventory/catalog.json: what `orderflow up` has on sale when it is started for the first
// time.
std::string_view SampleCatalog();

}  // namespace orderflow::cli
