#pragma once

#include "orchestrator/api/workflow_apis.h"
#include "orchestrator/aws/operations.h"

namespace orderflow::api {

// All operations of WorkflowService, as the AWS endpoint calls them. Borrows what `apis` borrow.
aws::Operations AwsOperations(const WorkflowApis& apis);

}  // namespace orderflow::api
