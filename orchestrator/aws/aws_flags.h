#pragma once

#include "orchestrator/aws/endpoint.h"

namespace orderflow::aws {

constexpr char kDefaultListen[] = "127.0.0.1:8083";

// What the flags --aws_... say; the region is the caller's to fill in.
EndpointOptions EndpointOptionsFromFlags();

}  // namespace orderflow::aws
