#include "orchestrator/engine/test_machines.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::engine {

MachinePtr TestMachine(std::string_view definition, std::string_view name,
                       store::MachineType type) {
  asl::ParseOptions options;
  options.substitute = [](std::string_view variable) -> std::optional<std::string> {
    return absl::StrCat("grpc://test:1/test.v1.Test/", std::string(variable));
  };
  options.distributed_maps = true;
  asl::ParsedDefinition parsed = asl::ParseStateMachine(definition, options);
  for (const asl::Diagnostic& diagnostic : parsed.diagnostics) {
    std::fprintf(stderr, "%s: %s\n", diagnostic.location.c_str(), diagnostic.message.c_str());
  }
  ORDERFLOW_CHECK(parsed.machine != nullptr);
  auto machine = std::make_shared<Machine>();
  machine->record.arn = StateMachineArn("us-east-1", "000000000000", name);
  machine->record.name = std::string(name);
  machine->record.type = type;
  machine->record.revision = 1;
  machine->record.definition = std::string(definition);
  machine->definition = std::move(parsed.machine);
  return machine;
}

std::string OrderDefinition() {
  std::ifstream file(ORDERFLOW_ORDER_WORKFLOW);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

MachinePtr OrderMachine() { return TestMachine(OrderDefinition(), "order-processing"); }

}  // namespace orderflow::engine
