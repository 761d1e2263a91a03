#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>

#include "orchestrator/typecheck/type_check.h"

namespace orderflow::tasks {

// What a method takes and answers, as the type check of a definition sees it: the JSON that
// common/protojson reads and writes. `owner` keeps the method's descriptor alive.
typecheck::TaskTypes DescribeMethod(const google::protobuf::MethodDescriptor& method,
                                    std::shared_ptr<const void> owner);

}  // namespace orderflow::tasks
