#pragma once

#include <string>

namespace orderflow::workflow::v1 {
class HistoryEvent;
}

namespace orderflow::cli {

// What an event says, in one line: the state's name, the resource, the error and its cause. Inputs
// and outputs are left out.
std::string HistoryDetail(const workflow::v1::HistoryEvent& event);

}  // namespace orderflow::cli
