// Which instruction sets the kernels are compiled for and run on. Every kernel has one Highway source, compiled once
// for each set; the best one that the CPU has is chosen at the first call. All give the same bits.
#pragma once

#include <string_view>
#include <vector>

namespace bw {

// What this CPU can run, best first, as Highway names it ("AVX3", "AVX2", "SSE4", "SSE2", "NEON", ...).
std::vector<std::string_view> kernel_targets();

// From now on kernels run on this one (a name from kernel_targets()); "" goes back to the best. For tests.
void use_kernel_target(std::string_view name);

}  // namespace bw
