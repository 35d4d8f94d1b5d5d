// Spectra before a logarithm: what is quiet counts as much as what is loud there, and codes of one step lose it.
#pragma once

#include "method/placement.h"

namespace bw {

// Keeps in float what reaches a Log with nothing but linear operators, powers, roots, sums and moves between.
void keep_logarithms(const Graph& graph, KeepFloat& keep);

}  // namespace bw
