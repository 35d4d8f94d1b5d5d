// OpenVINO on the CPU. It is no part of the program: what deps/fetch openvino brought is loaded when it is asked for.
#pragma once

#include "run/runtime.h"

namespace bw::openvino {

Runtime runtime();

}  // namespace bw::openvino
