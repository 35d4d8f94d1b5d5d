// What quantization does to each layer of a network, and what to do about it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/console.h"
#include "explain/neighbourhood.h"
#include "measure/differences.h"
#include "measure/figure.h"
#include "model/model.h"
#include "run/worker.h"

namespace bw {

// How like a value is to the float network's.
struct Likeness {
  double sqnr = 0;  // decibels; infinite when equal
  double cosine = 1;
  std::uint64_t not_finite = 0;  // elements that are not, where the float network's are
};

// The codes of a layer's weight.
struct WeightCodes {
  int bits = 8;
  std::size_t scales = 1;
  double used = 1;     // share of the codes that there are
  double noise = 0;    // squared error over the float weight's power
  double gain = 1;     // factor of the float weight that comes nearest to what the codes mean
  double outlier = 0;  // largest magnitude over the root mean square, of the float weight
  double spread = 1;   // largest magnitude of the widest output channel over that of the median one
  // Channels have factors of their own (explain/rescaled.h): of what the layer reads, of what it makes.
  bool inputs_rescaled = false, outputs_rescaled = false;
  // Its values are not the float network's: it reads rescaled ones, or makes some for a layer that reads such.
  bool rescaled = false;
  std::uint64_t saturating_pairs = 0;  // neighbours whose products with u8 can leave 16 bits
};

// A value that is rounded to codes, where it counts at a layer. Seen on the float network's values.
struct RoundedValue {
  std::string value;   // of the float network
  bool input = false;  // the layer reads it; else the layer makes it
  int bits = 8;
  double clipped = 0;     // share of the elements
  double used = 1;        // share of the codes that there are
  double noise = 0;       // squared error over the value's power
  double clip_noise = 0;  // the part of it that clipped elements have
  double outlier = 0;     // largest magnitude over the root mean square
  double spread = 1;      // largest magnitude of the widest channel over that of the median one
};

// Seconds of one run, as the runtime's profile has them; a figure is missing where the runtime shows no such node.
struct LayerTime {
  Figure original, quantized;  // the second with the Q and DQ around the layer that did not become part of its kernel
  std::string kernel;          // that ran in the quantized network; "" where it is not shown
  std::string in_float;        // why it ran in float though it stands between codes; "" where it did not
};
struct ModelTime {
  Figure original, quantized;
  Figure conversions;  // of the quantized one: all QuantizeLinear, DynamicQuantizeLinear and DequantizeLinear left
};

// What a layer loses most by, and what helps: see remedy_for().
struct Remedy {
  std::string cause;   // a sentence
  std::string recipe;  // for bitwright quantize
};

struct ExplainedLayer {
  std::string node, op;        // of the float network
  std::string quantized_node;  // of the quantized one, as its file has it
  // All that belongs to it, by name in the files: with biases and activation functions behind it; Q and DQ around it.
  std::vector<std::string> original_nodes, quantized_nodes;
  std::size_t position = 0;     // among the nodes of the float network, in their order
  Neighbourhood before, after;  // of it in the float and the quantized file
  // On the float network's values; nullopt where one of them has no counterpart, and, as the next, where the weight is
  // rescaled.
  std::optional<Likeness> isolated;
  std::optional<Likeness> accumulated;  // as the quantized network computes it
  // Squared error over power of the layer's output in isolation, by which layers are ranked: the worst first, what is
  // not finite before all; by what is accumulated where two are equal.
  double damage = 0;
  std::optional<WeightCodes> weight;
  std::vector<RoundedValue> rounded;
  std::optional<Remedy> remedy;  // of the first layers in rank that lose something
  std::optional<LayerTime> time;
};

struct OutputLikeness {
  std::string name;
  Likeness likeness;
};

struct Explanation {
  std::size_t samples = 0;
  std::string method;  // of ours that makes such files: int8-static, int8-dynamic or weight-only
  std::vector<OutputLikeness> outputs;
  std::vector<ExplainedLayer> layers;  // the most damaged first
  std::optional<ModelTime> time;
  std::vector<std::string> unmatched;  // nodes of the quantized network without a counterpart in the float one
};

struct ExplainOptions {
  WorkerOptions worker = {};
  int threads = 1;
  std::string runtime;  // that times are taken in; values are compared in the first target's, which shows them
};

// Runs both networks side by side on the samples, as the quantized file's operators mean it (QuantizeLinear and
// DequantizeLinear around float operators; integer kernels that are exact give the same). Errors: Error(semantic) when
// the files are not the same network, naming the value or node that does not match, and the file; those of running.
Explanation explain(const LoadedModel& original, const LoadedModel& quantized, SharedSamples& samples,
                    const ExplainOptions& options);

// Profiles both networks in turns, `seconds` of runs each in all, and fills in the times. Errors: those of running.
void add_times(Explanation& explanation, const LoadedModel& original, const LoadedModel& quantized,
               std::span<const Sample> samples, double seconds, const ExplainOptions& options);

inline constexpr std::size_t kRemedies = 10;  // layers that get one

// The remedy that fits a layer, by what it loses most, for files that the method makes.
Remedy remedy_for(const ExplainedLayer& layer, std::string_view method);

}  // namespace bw
