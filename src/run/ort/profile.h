// The profile that ONNX Runtime writes into a file: a list of events in the format of Chrome's trace viewer.
#pragma once

#include <string_view>
#include <vector>

#include "run/runtime.h"

namespace bw::ort {

// The time of each node's kernel without those inside its bodies, of all events behind the end of the first run.
// InputError(format) for a text that is no such list.
std::vector<NodeTime> node_times(std::string_view profile);

}  // namespace bw::ort
