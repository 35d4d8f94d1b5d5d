// How values of a model differ from others of it, and how codes of a grid hold them: for who puts two networks side by
// side in one graph. Values are looked at inside the worker, a sample at a time, so that memory does not grow with the
// number of samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/deployment.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

// Names of two float values with as many elements.
struct ValuePair {
  std::string original, other;
};

// Over all elements of all samples; those of the original that are not finite do not count.
struct Difference {
  std::uint64_t elements = 0;
  std::uint64_t not_finite = 0;  // elements of the other that are not; they are left out of the sums
  double signal = 0;             // sum of squares of the original
  double other = 0;              // sum of squares of the other
  double product = 0;            // sum of the products of both
  double noise = 0;              // sum of squared errors

  double sqnr() const;    // 10 log10(signal / noise) in decibels; infinite where there is no noise
  double cosine() const;  // product / sqrt(signal * other); 1 where both are zero, 0 where one is
};

// What a float value would be coded with: round_half_even(x / scale) + zero_point, kept within lowest..highest.
struct Grid {
  std::string value;
  float scale = 1;
  std::int64_t zero_point = 0, lowest = 0, highest = 255;  // at most 65,536 codes
  int channel_axis = -1;                                   // negative: from the end
};

struct GridUse {
  std::uint64_t elements = 0;
  std::uint64_t clipped = 0;         // elements beyond the lowest or highest code by half a step and more
  std::uint64_t codes = 0;           // different ones
  double power = 0;                  // mean of the squares
  double noise = 0, clip_noise = 0;  // mean squared error of the codes, and the part of it from clipped elements
  float peak = 0;                    // largest magnitude
  std::vector<float> channel_peaks;  // along channel_axis; empty where its length differs from sample to sample
};

struct Comparisons {
  std::vector<ValuePair> pairs;
  std::vector<Grid> grids;
};
struct Differences {
  std::vector<Difference> pairs;  // in the order asked for
  std::vector<GridUse> grids;
  std::size_t samples = 0;
};

// Runs the model on each sample at its own length, without the runtime's optimizer: every value is computed as it
// stands in the file. Equal to the bit for any number of threads. Errors: Error(semantic) naming a pair whose values
// have different numbers of elements; the runtime's; Error(Worker) when the worker dies.
Differences compare_values(Worker& worker, const Deployment& model, const Comparisons& comparisons,
                           SharedSamples& samples, int threads);

Job differences_job();

}  // namespace bw
