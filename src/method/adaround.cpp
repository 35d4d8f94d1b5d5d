// AdaRound (Nagel et al. 2020), layer after layer: each reads what the layers before it give once they are rounded, and
// learns which of its weights to round up so that its outputs stay those of the float network.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop.h"
#include "graph/links.h"
#include "graph/ops/op.h"
#include "graph/ops/product.h"
#include "method/catalog.h"
#include "method/coded_layers.h"
#include "method/learned_rounding.h"
#include "method/patches.h"
#include "observe/statistics/reservoir.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

constexpr std::size_t kLeastSamples = 32;

constexpr Parameter kParameters[] = {
    {.name = "steps",
     .type = Parameter::Type::Integer,
     .standard = "2000",
     .says = "of learning, for each layer",
     .low = 1,
     .high = 100'000},
};

// A matrix of numbers by rows.
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;
};

Matrix matrix_of(const Reservoir& reservoir) {
  Matrix matrix{reservoir.rows().size(), 0, {}};
  for (const Reservoir::Row& row : reservoir.rows()) {
    matrix.columns = row.values.size();
    matrix.values.insert(matrix.values.end(), row.values.begin(), row.values.end());
  }
  return matrix;
}

// Some columns of all rows.
std::vector<float> columns_of(const Matrix& matrix, std::size_t first, std::size_t count) {
  std::vector<float> out;
  out.reserve(matrix.rows * count);
  for (std::size_t r = 0; r < matrix.rows; ++r) {
    const auto row = matrix.values.begin() + static_cast<std::ptrdiff_t>(r * matrix.columns + first);
    out.insert(out.end(), row, row + static_cast<std::ptrdiff_t>(count));
  }
  return out;
}

void require_samples(const Reservoir& reservoir) {
  std::set<std::uint64_t> samples;
  for (const Reservoir::Row& row : reservoir.rows()) samples.insert(row.sample);
  if (samples.size() < kLeastSamples)
    throw Error(
        ErrorKind::Calibration,
        fmt::format("'adaround' learns from {} samples at least, and there are {}", kLeastSamples, samples.size()), {},
        "Give more calibration samples, or leave adaround out");
}

class Rounder {
 public:
  Rounder(const Task& task, std::size_t steps) : task_(task), steps_(steps), links_(link(task.graph)) {}

  Plan run(Plan plan) {
    const std::vector<NodeId> layers = layers_of(plan);
    Progress progress(*task_.console, "adaround: layers", layers.size());
    std::size_t better = 0;
    for (const NodeId layer : layers) {
      throw_if_stopped(task_.stop);
      better += round(layer, plan);
      progress.advance();
    }
    plan.notes.push_back(fmt::format("the rounding of {} of {} layers is learned", better, layers.size()));
    return plan;
  }

 private:
  const Node& node(NodeId id) const { return task_.graph.node(id); }
  int weight_of(NodeId id) const { return find_op(node(id))->weight_input; }
  const Tensor& weight_tensor(NodeId id) const {
    return task_.graph.value(node(id).input(static_cast<std::size_t>(weight_of(id)))).initializer;
  }

  // In the graph's order. Nodes whose weights became integer codes by rounding to the nearest.
  std::vector<NodeId> layers_of(const Plan& plan) const {
    std::vector<NodeId> layers;
    for (std::size_t n = 0; n < task_.graph.nodes.size(); ++n)
      if (const QParams* codes = codes_of(static_cast<NodeId>(n), plan);
          codes != nullptr && !codes->codes && codes->codebook.empty() &&
          codes->scheme.granularity != Granularity::Block && codes->scheme.rounding == Rounding::HalfToEven)
        layers.push_back(static_cast<NodeId>(n));
    return layers;
  }

  const QParams* codes_of(NodeId id, const Plan& plan) const {
    if (!plain_product(node(id)) && !node(id).is("Conv")) return nullptr;
    const auto decision = plan.nodes.find(node(id).name);
    if (decision == plan.nodes.end() || decision->second.compute != Precision::Integer) return nullptr;
    const auto operand = decision->second.operands.find(weight_of(id));
    return operand == decision->second.operands.end() ? nullptr : &operand->second;
  }

  struct Read {
    Matrix matrix;
    std::size_t groups, columns;
  };

  // Whether it is better than the nearest.
  bool round(NodeId id, Plan& plan) {
    const std::optional<Read> read = rows_read(id, plan);
    if (!read) return false;
    const Matrix wanted = rows_wanted(id);
    if (wanted.rows != read->matrix.rows)
      throw Error(ErrorKind::Internal, "a layer reads and gives different numbers of rows", node(id).name);
    QParams& params = plan.nodes.at(node(id).name).operands.at(weight_of(id));
    const std::vector<float> weights = by_outputs(id, weight_tensor(id).data<float>());
    std::vector<float> codes;
    double error = 0, nearest_error = 0;
    for (std::size_t group = 0; group < read->groups; ++group) {
      const LearnedRounding learned = learned_of(id, group, *read, wanted, weights, params);
      const std::vector<float> rows =
          transposed(std::span(learned.codes), read->columns, wanted.columns / read->groups);
      codes.insert(codes.end(), rows.begin(), rows.end());
      error += learned.error;
      nearest_error += learned.nearest_error;
    }
    if (error >= nearest_error) return false;
    params.codes = as_stored(id, codes, params.scheme.code);
    return true;
  }

  LearnedRounding learned_of(NodeId id, std::size_t group, const Read& read, const Matrix& wanted,
                             std::span<const float> weights, const QParams& params) const {
    const std::size_t outputs = wanted.columns / read.groups, first = group * outputs, inner = read.columns;
    const std::vector<float> x = columns_of(read.matrix, group * inner, inner), y = columns_of(wanted, first, outputs),
                             w = transposed(weights.subspan(first * inner, outputs * inner), outputs, inner);
    const auto own = [&](const std::vector<float>& numbers) {
      std::vector<float> each(outputs, numbers.empty() ? 0 : numbers.front());
      if (numbers.size() > 1) std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(first), outputs, each.begin());
      return each;
    };
    return learned_rounding({.rows = wanted.rows,
                             .inner = inner,
                             .outputs = outputs,
                             .x = x,
                             .wanted = y,
                             .weights = w,
                             .bias = own(bias_of(id)),
                             .scales = own(params.scales),
                             .zero_points = own(params.zero_points),
                             .codes = code_range(params.scheme),
                             .passes = passes(id)},
                            {.steps = steps_});
  }

  // Of the network as it is coded so far. The layer itself is still exact there, since its weight has to be seen.
  std::optional<Read> rows_read(NodeId id, const Plan& plan) {
    const CodedLayer layer{id, weight_of(id)};
    Graph coded = coded_but(task_.graph, plan, {&layer, 1});
    const auto here = std::ranges::find(coded.nodes, node(id).name, &Node::name);
    const auto patches = add_patches(coded, static_cast<NodeId>(here - coded.nodes.begin()));
    if (!patches) return std::nullopt;
    Needs needs;
    needs.add(patches->value, {LargeReservoirStatistic::kName, patches->axis});
    const Evidence evidence = task_.calibrator->glance(coded, needs);
    const auto& reservoir = evidence.value(patches->value).get<LargeReservoirStatistic>(patches->axis);
    require_samples(reservoir);
    return Read{matrix_of(reservoir), patches->groups, patches->columns};
  }

  Matrix rows_wanted(NodeId id) {
    const Value& output = task_.graph.value(node(id).output(0));
    const int axis = node(id).is("Conv") ? 1 : static_cast<int>(output.type.shape->size()) - 1;
    Needs needs;
    needs.add(output.name, {LargeReservoirStatistic::kName, axis});
    return matrix_of(
        task_.calibrator->glance(task_.graph, needs).value(output.name).get<LargeReservoirStatistic>(axis));
  }

  bool is_by_outputs(NodeId id) const { return node(id).is("Conv") || plain_product(node(id))->transposed; }
  // [outputs, ...], of a weight as it is stored; and back.
  std::vector<float> by_outputs(NodeId id, std::span<const float> stored) const {
    if (is_by_outputs(id)) return {stored.begin(), stored.end()};
    const Shape& shape = weight_tensor(id).shape();
    return transposed(stored, static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1]));
  }
  Tensor as_stored(NodeId id, const std::vector<float>& rows, DType code) const {
    const Shape& shape = weight_tensor(id).shape();
    const std::vector<float> codes = is_by_outputs(id) ? rows
                                                       : transposed(std::span(rows), static_cast<std::size_t>(shape[1]),
                                                                    static_cast<std::size_t>(shape[0]));
    return cast(Tensor::of<float>(shape, std::span<const float>(codes)), code);
  }

  std::vector<float> bias_of(NodeId id) const {
    const int input = find_op(node(id))->bias_input;
    const ValueId bias = input < 0 ? kNoValue : node(id).input(static_cast<std::size_t>(input));
    return bias == kNoValue ? std::vector<float>{} : to_floats(task_.graph.value(bias).initializer);
  }

  // Of the activation function that alone reads the layer.
  Range passes(NodeId id) const {
    RoundingTask all;
    const auto& uses = links_.uses[static_cast<std::size_t>(node(id).output(0))];
    if (uses.size() != 1 || uses.front().input < 0 || task_.graph.is_output(node(id).output(0))) return all.passes;
    const Node& reader = node(uses.front().node);
    if (reader.is("Relu")) return {0, all.passes.high};
    if (!reader.is("Clip")) return all.passes;
    return {bound(reader, 1, all.passes.low), bound(reader, 2, all.passes.high)};
  }
  float bound(const Node& clip, std::size_t input, float otherwise) const {
    const ValueId value = clip.input(input);
    const bool known = value != kNoValue && task_.graph.is_constant(value) &&
                       task_.graph.value(value).initializer.dtype() == DType::Float32;
    return known ? task_.graph.value(value).initializer.data<float>().front() : otherwise;
  }

  const Task& task_;
  const std::size_t steps_;
  const Links links_;
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  if (task.calibrator == nullptr)
    throw Error(ErrorKind::Calibration, "'adaround' needs data to learn from", {}, "Give it with --data");
  return Rounder(task, static_cast<std::size_t>(arguments.integer("steps"))).run(std::move(plan));
}

}  // namespace

Method adaround() {
  return {.name = "adaround",
          .says = "learns which weights to round up; behind a method that codes weights, with data",
          .group = "ptq_8bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
