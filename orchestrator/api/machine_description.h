#pragma once

#include <google/protobuf/map.h>
#include <google/protobuf/struct.pb.h>

#include <string>

#include "orchestrator/asl/state_machine.h"

namespace orderflow::api {

// The variables that each state names, by the state's name, for states in branches and in a Map's
// items, too. States that name none are left out.
void DescribeVariables(const asl::StateMachine& machine,
                       google::protobuf::Map<std::string, google::protobuf::ListValue>& out);

}  // namespace orderflow::api
