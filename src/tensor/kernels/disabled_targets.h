// Before any Highway header in a kernel's source: sets that would only lengthen compilation are left out. Vectors of
// unknown length (SVE, RVV) are out because kernels keep vectors in arrays.
#pragma once

#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_AVX3_ZEN4 | HWY_AVX3_SPR | HWY_ALL_SVE | HWY_RVV | HWY_NEON_BF16)
