#pragma once

// Test support: parsed state machines.

#include <string>
#include <string_view>

#include "orchestrator/engine/engine.h"

namespace orderflow::engine {

// `definition` as revision 1 of a state machine called `name`; aborts where it has mistakes. Each
// `${Name}` stands for "grpc://test:1/test.v1.Test/Name".
MachinePtr TestMachine(std::string_view definition, std::string_view name = "test",
                       store::MachineType type = store::MachineType::kStandard);

// workflows/order-processing.asl.json.
MachinePtr OrderMachine();
std::string OrderDefinition();

}  // namespace orderflow::engine
