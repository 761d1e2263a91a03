#pragma once

// The settings of the inventory service, declared once: for its server and its Lambda functions.
// Only mains include this: linking it registers the flags.

#include "services/inventory/inventory_core.h"

namespace orderflow::inventory {

// What the flags say, after settings::ParseSettings.
InventoryOptions OptionsFromFlags();

}  // namespace orderflow::inventory
