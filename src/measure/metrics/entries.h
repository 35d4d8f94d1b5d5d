// The entries of the catalog of metrics, each in a file of its name.
#pragma once

#include "measure/metrics/metric.h"

namespace bw {

Metric accuracy_metric();
Metric agreement_metric();
Metric f1_metric();
Metric fidelity_metric();
Metric mae_metric();
Metric mcc_metric();
Metric perplexity_metric();
Metric spearman_metric();
Metric sqnr_metric();
Metric top1_metric();
Metric top5_metric();

}  // namespace bw
