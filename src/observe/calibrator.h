// Who looks at calibration samples for methods, which do not know where they come from.
#pragma once

#include "graph/graph.h"
#include "observe/evidence.h"

namespace bw {

class Calibrator {
 public:
  virtual ~Calibrator() = default;
  // At least what `needs` asks of this graph; it lives as long as the calibrator. Errors: calibrate()'s;
  // CalibrationError when there is no data.
  virtual const Evidence& evidence(const Graph& graph, const Needs& needs) = 0;
  // What is looked at once: nobody keeps it.
  virtual Evidence glance(const Graph& graph, const Needs& needs) = 0;
};

}  // namespace bw
