#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/ops/op.h"
#include "graph/verify_parts.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::int64_t kMax32 = std::numeric_limits<std::int32_t>::max();

void no_gaps(const Site& site) {
  const auto& inputs = site.node().inputs;
  if (std::find(inputs.begin(), inputs.end(), kNoValue) != inputs.end())
    site.refuse("an input in the middle of a list is left out");
}

// The least integer over -1 overflows, which some processors answer with a signal.
void division(const Site& site) {
  const Tensor dividend = site.constant(0), divisor = site.constant(1);
  if (!dividend.defined() || !divisor.defined() || dividend.dtype() != divisor.dtype()) return;
  const DType dtype = dividend.dtype();
  if (dtype != DType::Int32 && dtype != DType::Int64) return;
  const std::int64_t least =
      dtype == DType::Int32 ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int64_t>::min();
  const auto has = [](const Tensor& tensor, std::int64_t wanted) {
    const auto all = to_int64s(tensor);
    return std::find(all.begin(), all.end(), wanted) != all.end();
  };
  if (has(divisor, -1) && has(dividend, least)) site.refuse(fmt::format("divides {} by -1", least));
}

void convolution(const Site& site) {
  const auto weight = site.static_shape(site.node().is("QLinearConv") ? 3 : 1);
  if (!weight || weight->size() < 2) return;
  for (const std::int64_t extent : *weight)
    if (extent < 1) site.refuse("the weight " + to_string(*weight) + " is empty");
  const std::int64_t group = int_of(site.node(), "group");
  if ((*weight)[0] % group != 0)
    site.refuse(fmt::format("{} channels of the weight are not a multiple of group {}", (*weight)[0], group));
}

void gather_nd(const Site& site) {
  const std::int64_t batch = site.node().int_or("batch_dims", 0);
  if (batch < 0) site.refuse(fmt::format("attribute 'batch_dims' is {}", batch));
  for (const std::size_t input : {0, 1})
    if (const auto shape = site.shape(input); shape && batch >= static_cast<std::int64_t>(shape->size()))
      site.refuse(fmt::format("batch_dims {} is not below the rank {} of input {}", batch, shape->size(), input));
}

void gather(const Site& site) {
  const auto data = site.shape(0);
  const auto indices = site.integers(1);
  if (!data || data->empty() || !indices) return;
  const auto rank = static_cast<std::int64_t>(data->size());
  // GatherBlockQuantized has its own names for the same attributes.
  std::int64_t axis = site.node().int_or(site.node().op_type == "GatherBlockQuantized" ? "gather_axis" : "axis", 0);
  if (axis < -rank || axis >= rank) site.refuse(fmt::format("axis {} of a value of rank {}", axis, rank));
  const Dim& extent = (*data)[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)];
  if (!extent.known()) return;
  for (const std::int64_t index : *indices)
    if (index < -extent.value || index >= extent.value)
      site.refuse(fmt::format("index {} is outside of the {} entries of axis {}", index, extent.value, axis));
}

void one_hot(const Site& site) {
  if (const auto depth = site.static_shape(1); depth && element_count(*depth) != 1)
    site.refuse("depth " + to_string(*depth) + " is not one number");
  if (const auto values = site.static_shape(2); values && *values != Shape{2})
    site.refuse("values " + to_string(*values) + " are not two numbers");
  const auto depth = site.integers(1);
  if (!depth) return;
  if ((*depth)[0] < 1) site.refuse(fmt::format("depth is {}", (*depth)[0]));
  auto dims = site.static_shape(0).value_or(Shape{});
  dims.push_back((*depth)[0]);
  site.require_bytes(dims, site.dtype(2));
}

void layer_normalization(const Site& site) {
  const auto shape = site.shape(0);
  if (!shape) return;
  const auto rank = static_cast<std::int64_t>(shape->size());
  std::int64_t axis = int_of(site.node(), "axis");
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) site.refuse(fmt::format("axis {} of a value of rank {}", axis, rank));
  for (auto i = static_cast<std::size_t>(axis); i < shape->size(); ++i)
    if ((*shape)[i].value == 0) site.refuse("normalises over no elements");
}

void random_uniform(const Site& site) {
  const float low = float_of(site.node(), "low"), high = float_of(site.node(), "high");
  if (!(high >= low) || !std::isfinite(high - low)) site.refuse(fmt::format("draws from {} to {}", low, high));
}

void random_normal(const Site& site) {
  const float mean = float_of(site.node(), "mean"), scale = float_of(site.node(), "scale");
  if (!(scale >= 0) || !std::isfinite(scale) || !std::isfinite(mean))
    site.refuse(fmt::format("draws with mean {} and scale {}", mean, scale));
}

void require_extents(const Site& site, const std::vector<std::int64_t>& extents) {
  for (const std::int64_t extent : extents)
    if (extent < 0) site.refuse("a dimension of " + to_string(extents) + " is negative");
}

DType declared_dtype(const Site& site) {
  const std::int64_t number = site.node().int_or("dtype", 1);
  return number > 0 && number < 256 && is_known_dtype(static_cast<int>(number)) ? static_cast<DType>(number)
                                                                                : DType::Float32;
}

void random_shape(const Site& site) {
  const auto shape = site.node().ints_or("shape", {});
  require_extents(site, shape);
  site.require_bytes(shape, declared_dtype(site));
}

void constant_of_shape(const Site& site) {
  const auto shape = site.integers(0);
  if (!shape) return;
  require_extents(site, *shape);
  const Attribute* value = site.node().find("value");
  const Tensor* tensor = value ? std::get_if<Tensor>(&value->data) : nullptr;
  site.require_bytes(*shape, tensor ? tensor->dtype() : DType::Float32);
}

void expand(const Site& site) {
  const auto shape = site.integers(1);
  if (!shape) return;
  require_extents(site, *shape);
  site.require_bytes(*shape, site.dtype(0));
}

void tile(const Site& site) {
  const auto repeats = site.integers(1);
  if (!repeats) return;
  require_extents(site, *repeats);
  auto dims = *repeats;
  if (const auto shape = site.static_shape(0)) dims.insert(dims.end(), shape->begin(), shape->end());
  site.require_bytes(dims, site.dtype(0));
}

void window(const Site& site) {
  const auto size = site.integers(0);
  if (!size || size->size() != 1) return;
  require_extents(site, *size);
  const std::int64_t number = site.node().int_or("output_datatype", 1);
  site.require_bytes(*size, number > 0 && number < 256 && is_known_dtype(static_cast<int>(number))
                                ? static_cast<DType>(number)
                                : DType::Float32);
}

void range(const Site& site) {
  const Tensor start = site.constant(0), limit = site.constant(1), delta = site.constant(2);
  for (const Tensor& part : {start, limit, delta})
    if (!part.defined() || part.size() != 1 || part.dtype() == DType::String) return;
  const double step = to_doubles(delta)[0];
  if (step == 0) site.refuse("the step is 0");
  const double count = std::ceil((to_doubles(limit)[0] - to_doubles(start)[0]) / step);
  if (!(count < 0x1p62)) site.refuse("the range does not end", InputClass::Limit);
  site.require_bytes({static_cast<std::int64_t>(std::max(count, 0.0))}, start.dtype());
}

void pad(const Site& site) {
  auto pads = site.integers(1);
  if (!pads) pads = site.node().ints_or("pads", {});
  const auto shape = site.static_shape(0);
  if (!shape || pads->size() != 2 * shape->size()) return;
  Shape dims = *shape;
  for (std::size_t i = 0; i < dims.size(); ++i)
    for (const std::int64_t amount : {(*pads)[i], (*pads)[i + dims.size()]}) {
      if (amount < -kMax32 || amount > kMax32) site.refuse(fmt::format("pads by {}", amount));
      dims[i] += amount;
    }
  site.require_bytes(dims, site.dtype(0));
}

// Resize since opset 11 has (X, roi, scales, sizes), before that, as Upsample, (X, scales) or the attribute 'scales'.
void resize(const Site& site) {
  const Node& node = site.node();
  if (const auto sizes = site.integers(3)) {
    require_extents(site, *sizes);
    return site.require_bytes(*sizes, site.dtype(0));
  }
  const Tensor tensor = site.constant(node.inputs.size() > 2 ? 2 : 1);
  std::vector<double> scales;
  if (tensor.defined() && info(tensor.dtype()).is_float && tensor.size() <= 16)
    scales = to_doubles(tensor);
  else if (const Attribute* attribute = node.find("scales"))
    if (const auto* floats = std::get_if<std::vector<float>>(&attribute->data))
      scales.assign(floats->begin(), floats->end());
  for (const double scale : scales)
    if (!(scale > 0) || !std::isfinite(scale)) site.refuse(fmt::format("scales by {}", scale));
  auto dims = site.static_shape(0);
  if (!dims || dims->size() != scales.size()) return;
  for (std::size_t i = 0; i < scales.size(); ++i)
    (*dims)[i] = static_cast<std::int64_t>(std::min(static_cast<double>((*dims)[i]) * scales[i], 0x1p62));
  site.require_bytes(*dims, site.dtype(0));
}

void spectrum(const Site& site) {
  const auto signal = site.static_shape(0);
  if (signal && element_count(*signal) == 0) site.refuse("the signal is empty");
  if (signal && signal->size() > 2 && signal->back() != 1 && signal->back() != 2)
    site.refuse(fmt::format("the last dimension {} is neither 1 (real) nor 2 (complex)", signal->back()));
  for (const std::size_t input : {1, 3})  // frame step and frame length of STFT; DFT length
    if (const auto number = site.integers(input); number && site.node().inputs.size() > input && number->size() == 1)
      if ((input == 1 || site.node().is("STFT")) && (*number)[0] < 1)
        site.refuse(fmt::format("a length is {}", (*number)[0]));
}

// bytes = N * ceil(K / block) * block * bits / 8
void matmul_nbits(const Site& site) {
  const Node& node = site.node();
  const std::int64_t k = int_of(node, "K"), n = int_of(node, "N"), bits = int_of(node, "bits"),
                     block = int_of(node, "block_size");
  site.require_within("K", k, 1, kMax32);
  site.require_within("N", n, 1, kMax32);
  if (bits < 1 || bits > 8) site.refuse(fmt::format("{} bits", bits));
  if (block < 16 || (block & (block - 1)) != 0)
    site.refuse(fmt::format("block_size {} is not a power of two from 16 on", block));
  const std::int64_t blocks = (k + block - 1) / block;
  const auto require = [&](std::size_t input, std::string_view what, std::initializer_list<std::int64_t> wanted) {
    const Tensor tensor = site.constant(input);
    const auto have = static_cast<std::int64_t>(tensor.size());
    if (tensor.defined() && std::find(wanted.begin(), wanted.end(), have) == wanted.end())
      site.refuse(fmt::format("{} has {} elements, K, N, bits and block_size want {}", what, have, *wanted.begin()));
  };
  require(1, "B", {n * blocks * (block * bits / 8)});
  require(2, "scales", {n * blocks});
  require(3, "zero_points", {n * ((blocks * bits + 7) / 8), n * blocks});
  require(5, "bias", {n});
}

void attention(const Site& site) {
  const Node& node = site.node();
  const auto weight = site.static_shape(1);
  if (!weight) return;
  if (weight->size() != 2) site.refuse("the weight " + to_string(*weight) + " is not a matrix");
  const auto sizes = node.ints_or("qkv_hidden_sizes", {});
  std::int64_t columns = 0;
  for (const std::int64_t size : sizes) {
    site.require_within("qkv_hidden_sizes", size, 1, kMax32);
    columns += size;
  }
  if (!sizes.empty() && columns != (*weight)[1])
    site.refuse(fmt::format("qkv_hidden_sizes want {} columns of the weight, it has {}", columns, (*weight)[1]));
  if (sizes.empty() && (*weight)[1] % 3 != 0)
    site.refuse(fmt::format("{} columns of the weight are not three times a size", (*weight)[1]));
  const std::int64_t heads = node.int_or("num_heads", 1), query = sizes.empty() ? (*weight)[1] / 3 : sizes[0];
  if (query % heads != 0) site.refuse(fmt::format("size {} is not a multiple of {} heads", query, heads));
  if (const auto bias = site.static_shape(2); bias && *bias != Shape{(*weight)[1]})
    site.refuse("the bias " + to_string(*bias) + " does not fit the weight " + to_string(*weight));
}

void branches(const Site& site) {
  for (const std::string_view name : {"then_branch", "else_branch"}) {
    const Attribute* attribute = site.node().find(name);
    const auto* graph = attribute ? std::get_if<Subgraph>(&attribute->data) : nullptr;
    if (!graph) site.refuse(fmt::format("attribute '{}' is missing", name));
    if (*graph && (*graph)->outputs.size() < site.node().outputs.size())
      site.refuse(
          fmt::format("'{}' has {} outputs, the node {}", name, (*graph)->outputs.size(), site.node().outputs.size()));
  }
}

struct Rule {
  std::string_view op, domain;
  void (*check)(const Site&);
};

constexpr std::string_view kMicrosoft = "com.microsoft";

constexpr std::array kRules{
    Rule{"Max", "", no_gaps},
    Rule{"Min", "", no_gaps},
    Rule{"Sum", "", no_gaps},
    Rule{"Mean", "", no_gaps},
    Rule{"Concat", "", no_gaps},
    Rule{"Einsum", "", no_gaps},
    Rule{"SequenceConstruct", "", no_gaps},
    Rule{"FeatureVectorizer", "ai.onnx.ml", no_gaps},
    Rule{"QLinearConcat", kMicrosoft, no_gaps},
    Rule{"Div", "", division},
    Rule{"Mod", "", division},
    Rule{"Conv", "", convolution},
    Rule{"ConvTranspose", "", convolution},
    Rule{"ConvInteger", "", convolution},
    Rule{"QLinearConv", "", convolution},
    Rule{"FusedConv", kMicrosoft, convolution},
    Rule{"GatherND", "", gather_nd},
    Rule{"Gather", "", gather},
    Rule{"GatherBlockQuantized", kMicrosoft, gather},
    Rule{"OneHot", "", one_hot},
    Rule{"LayerNormalization", "", layer_normalization},
    Rule{"RMSNormalization", "", layer_normalization},
    Rule{"RandomUniform", "", random_uniform},
    Rule{"RandomUniform", "", random_shape},
    Rule{"RandomUniformLike", "", random_uniform},
    Rule{"RandomNormal", "", random_normal},
    Rule{"RandomNormal", "", random_shape},
    Rule{"RandomNormalLike", "", random_normal},
    Rule{"ConstantOfShape", "", constant_of_shape},
    Rule{"Expand", "", expand},
    Rule{"Tile", "", tile},
    Rule{"HannWindow", "", window},
    Rule{"HammingWindow", "", window},
    Rule{"BlackmanWindow", "", window},
    Rule{"Range", "", range},
    Rule{"Pad", "", pad},
    Rule{"Resize", "", resize},
    Rule{"Upsample", "", resize},
    Rule{"STFT", "", spectrum},
    Rule{"DFT", "", spectrum},
    Rule{"MatMulNBits", kMicrosoft, matmul_nbits},
    Rule{"Attention", kMicrosoft, attention},
    Rule{"If", "", branches},
    Rule{"Loop", "", verify_loop},
};

}  // namespace

void verify_operator(const Site& site) {
  const Node& node = site.node();
  // Attributes that a function's caller gives are known where it is called only.
  for (const Attribute& attribute : node.attributes)
    if (std::holds_alternative<Attribute::Reference>(attribute.data)) return;
  for (const Rule& rule : kRules)
    if (node.is(rule.op, rule.domain)) rule.check(site);
}

}  // namespace bw
