// Where a model will run: what its kernels can hold, how they fuse, and how a graph becomes a file for it.
// A target is one file in target/ and one line in the list of target.cpp. Facts are data, not code, wherever they can
// be.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/machine.h"
#include "base/parameter.h"
#include "format/ports.h"
#include "graph/graph.h"
#include "plan/plan.h"

namespace bw {

// How an operator's integer kernel treats scales.
enum class IntegerKernel : std::uint8_t {
  None,
  Weighted,    // a constant weight operand; output scale free
  Arithmetic,  // works on codes with free scales on every operand and the output
  Move,        // output codes are input codes: scales must be equal
  Absorbed,    // an activation function that the producer's output range takes over (Relu, Clip)
};

// What a dense convolution must gather for its integer kernel to be faster than the float one: so many input channels,
// or so many numbers in a row of its window (width times channels) for more than one output channel. 0: always.
struct IntegerWindows {
  std::int64_t channels = 0, row = 0;
};

struct OperatorSupport {
  std::string_view op;
  IntegerKernel integer = IntegerKernel::None;
  IntegerWindows windows = {};
  bool float_output = false;  // the integer kernel may give float32 instead of codes
  bool dynamic = false;       // has a kernel that quantizes its activation at run time
  bool weight_only = false;   // has a kernel for blocked integer weights
  bool embedding = false;     // looks up rows of codes in blocks and decodes what it looked up
  // Why these kernels do not take this node's weights; empty: they do. nullptr: they take any constant of float32.
  std::string (*obstacle)(const Graph& graph, const Node& node) = nullptr;
};

// A product with the Add of a constant behind it that nobody else reads, of which the runtime makes one node with a
// bias before it looks for integer kernels: the constant has to be coded as the product's bias.
struct AddedBias {
  std::string_view product;
  bool (*takes)(const Graph& graph, const Node& product, ValueId constant);
  // Whether it does so too where the product gives floats; else it adds the constant as it is.
  bool (*in_float)(const Graph& graph, const Node& product);
};

// Which element types one version of an operator takes, as the runtime says.
struct ElementTypes {
  std::string_view op;
  std::int64_t since;  // first opset of the version
  // What names the type of each operand: a type parameter ("T"), "float32" for nothing else, "-" where no float stands.
  // The last one holds for all that follow.
  std::string_view inputs, outputs;
  std::string_view types;        // "T = float32 float16; U = float32"
  std::string_view unless = {};  // an attribute with which a node takes float32 alone
};

// A place of a node where a value goes in or comes out.
struct Operand {
  enum class Side : std::uint8_t { In, Out } side;
  std::size_t position;
};

// A model for some runtime, still in memory.
struct Artifact {
  Graph graph;
  std::string_view format;  // entry of the format catalog that writes it
  Ports ports = {};         // of the canonical graph, in the file
};

struct Target {
  std::string_view name;             // "onnxruntime-cpu"
  std::string_view says;             // one line
  std::string_view hardware_target;  // the requirement's name: cpu, mps, ane
  std::string_view format;           // entry of the format catalog
  std::string_view runtime;          // entry of the runtime catalog that measures it
  std::span<const OperatorSupport> operators;
  std::span<const AddedBias> added_biases;
  std::span<const ElementTypes> element_types;  // by operator, older versions first
  DType activation_code;                        // preferred code of activations
  DType weight_code;
  std::span<const int> block_sizes;       // of weight-only
  std::span<const Parameter> parameters;  // of lowering; a plan holds their values
  // Whether its integer kernels on that machine add the products of two neighbours in 16 bits, which full 8-bit weights
  // can overflow.
  bool (*pairs_saturate)(const Machine& machine);
  // The canonical graph (what apply() gives) in the form that the target's kernels take.
  Artifact (*lower)(const Graph& canonical, const Arguments& arguments);

  const OperatorSupport& support(const Node& node) const;            // a row with nothing set when it is not listed
  std::string obstacle(const Graph& graph, const Node& node) const;  // as in OperatorSupport
  const AddedBias* added_bias(const Node& product) const;            // nullptr when there is none
  // Whether a node that has float32 there may have `dtype`, once all its other operands that may have it do. False for
  // operators of which nothing is known.
  bool takes(DType dtype, const Node& node, Operand operand, std::int64_t opset) const;
};

// What a plan makes of the graph that it is for, prepared: needs nothing else. Errors: apply()'s;
// Error(Quantization) for a target or a parameter of lowering that is not there.
Artifact built(const Graph& prepared, const Plan& plan);

std::span<const Target> targets();
// UsageError that lists the names when there is none of that name; also takes the requirement's names (cpu).
const Target& target_named(std::string_view name);

}  // namespace bw
