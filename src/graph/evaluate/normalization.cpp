// Normalisations by stored or computed statistics, and Softmax and its kin.
#include <algorithm>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

// Mean and 1 / sqrt(variance + epsilon) of a row.
struct Moments {
  double mean = 0, inverse = 0;
};

Moments moments(std::span<const double> row, double epsilon, bool centred = true) {
  double sum = 0, squares = 0;
  for (double x : row) sum += x;
  const double count = static_cast<double>(row.size());
  const double mean = centred ? sum / count : 0;
  for (double x : row) squares += (x - mean) * (x - mean);
  return {mean, 1 / std::sqrt(squares / count + epsilon)};
}

std::vector<double> per_channel(const Call& call, std::size_t input, std::int64_t channels) {
  std::vector<double> values = to_doubles(call.input(input));
  call.require(values.size() == static_cast<std::size_t>(channels), "one number a channel is needed");
  return values;
}

Outputs batch_normalization(const Call& call) {
  const Tensor& x = call.input(0);
  call.require(x.rank() >= 2, "the input must have rank 2 or more");
  if (call.int_of("training_mode") != 0) call.fail("training mode is not interpreted", InputClass::Unsupported);
  const std::int64_t channels = x.shape()[1];
  const std::vector<double> scale = per_channel(call, 1, channels), bias = per_channel(call, 2, channels),
                            mean = per_channel(call, 3, channels), variance = per_channel(call, 4, channels);
  const double epsilon = call.float_of("epsilon");
  const AxisView view(x.shape(), 1);
  std::vector<double> values = to_doubles(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = i / view.inner % view.extent;
    values[i] = (values[i] - mean[c]) / std::sqrt(variance[c] + epsilon) * scale[c] + bias[c];
  }
  return {tensor_of(values, x.shape(), x.dtype())};
}

// Rows of equal size that lie one after the other; scale and bias by channel.
Outputs normalize_groups(const Call& call, std::int64_t groups) {
  const Tensor& x = call.input(0);
  call.require(x.rank() >= 2 && groups > 0 && x.shape()[1] % groups == 0, "groups do not fit the channels");
  const std::int64_t channels = x.shape()[1];
  std::vector<double> scale = to_doubles(call.input(1)), bias = to_doubles(call.input(2));
  const auto per_group = static_cast<std::size_t>(channels / groups);
  call.require(
      !scale.empty() && scale.size() == bias.size() &&
          (scale.size() == static_cast<std::size_t>(channels) || scale.size() == static_cast<std::size_t>(groups)),
      "one scale and bias a channel is needed");
  const std::size_t repeat = static_cast<std::size_t>(channels) / scale.size();  // opset 18 has one a group
  const AxisView view(x.shape(), 1);
  const std::size_t row = per_group * view.inner;
  const double epsilon = call.float_of("epsilon");
  std::vector<double> values = to_doubles(x);
  for (std::size_t start = 0; row && start < values.size(); start += row) {
    const Moments m = moments(std::span(values).subspan(start, row), epsilon);
    for (std::size_t i = start; i < start + row; ++i) {
      const std::size_t c = i / view.inner % view.extent / repeat;
      values[i] = (values[i] - m.mean) * m.inverse * scale[c] + bias[c];
    }
  }
  return {tensor_of(values, x.shape(), x.dtype())};
}

Outputs instance_normalization(const Call& call) {
  call.require(call.input(0).rank() >= 2, "the input must have rank 2 or more");
  return normalize_groups(call, call.input(0).shape()[1]);
}

Outputs group_normalization(const Call& call) {
  return normalize_groups(call, call.node.int_or("num_groups", 0));
}

// Over all axes from `axis` on; scale and bias broadcast to the input. Second and third output: mean and inverse.
Outputs normalize_tail(const Call& call, bool centred) {
  const Tensor& x = call.input(0);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  const auto row = static_cast<std::size_t>(element_count(std::span(x.shape()).subspan(axis)));
  const double epsilon = call.float_of("epsilon");
  const std::vector<double> scale = to_doubles(call.input(1));
  const std::vector<std::int64_t> scale_at = broadcast_indices(call.input(1).shape(), x.shape());
  std::vector<double> bias;
  std::vector<std::int64_t> bias_at;
  if (centred && call.has(2)) {
    bias = to_doubles(call.input(2));
    bias_at = broadcast_indices(call.input(2).shape(), x.shape());
  }
  std::vector<double> values = to_doubles(x), means, inverses;
  for (std::size_t start = 0; row && start < values.size(); start += row) {
    const Moments m = moments(std::span(values).subspan(start, row), epsilon, centred);
    means.push_back(m.mean);
    inverses.push_back(m.inverse);
    for (std::size_t i = start; i < start + row; ++i) {
      values[i] = (values[i] - m.mean) * m.inverse * scale[static_cast<std::size_t>(scale_at[i])];
      if (!bias.empty()) values[i] += bias[static_cast<std::size_t>(bias_at[i])];
    }
  }
  const Tensor y = tensor_of(values, x.shape(), x.dtype());
  Shape statistics = x.shape();
  std::fill(statistics.begin() + static_cast<std::ptrdiff_t>(axis), statistics.end(), 1);
  if (!centred || element_count(statistics) != means.size()) return {y};
  return {y, tensor_of(means, statistics, DType::Float32), tensor_of(inverses, statistics, DType::Float32)};
}

Outputs layer_normalization(const Call& call) {
  return normalize_tail(call, true);
}
Outputs rms_normalization(const Call& call) {
  return normalize_tail(call, false);
}

Outputs local_response_normalization(const Call& call) {
  const Tensor& x = call.input(0);
  call.require(x.rank() >= 2, "the input must have rank 2 or more");
  const std::int64_t size = call.int_of("size"), channels = x.shape()[1];
  call.require(size > 0 && size < 1 << 20, "size must be positive");
  const double alpha = call.float_of("alpha"), beta = call.float_of("beta"), bias = call.float_of("bias");
  const AxisView view(x.shape(), 1);
  const std::vector<double> values = to_doubles(x);
  std::vector<double> result(values.size());
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::size_t i = 0; i < view.inner; ++i) {
        double squares = 0;
        for (std::int64_t k = std::max<std::int64_t>(0, c - (size - 1) / 2); k <= std::min(channels - 1, c + size / 2);
             ++k)
          squares += std::pow(values[view.at(o, static_cast<std::size_t>(k), i)], 2);
        const std::size_t at = view.at(o, static_cast<std::size_t>(c), i);
        result[at] = values[at] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
      }
  return {tensor_of(result, x.shape(), x.dtype())};
}

// Rewrites each row along an axis. Before opset 13 Softmax and its kin take all axes from `axis` on as one.
template <class Rewrite>
Outputs along(const Call& call, bool flattens, const Rewrite& rewrite) {
  const Tensor& x = call.input(0);
  if (x.rank() == 0) return {x};
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  AxisView view(x.shape(), axis);
  if (flattens) {
    view.extent *= view.inner;
    view.inner = 1;
  }
  std::vector<double> values = to_doubles(x), row(view.extent);
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t i = 0; i < view.inner; ++i) {
      for (std::size_t k = 0; k < view.extent; ++k) row[k] = values[view.at(o, k, i)];
      rewrite(row);
      for (std::size_t k = 0; k < view.extent; ++k) values[view.at(o, k, i)] = row[k];
    }
  return {tensor_of(values, x.shape(), x.dtype())};
}

template <class Rewrite>
Outputs distribution(const Call& call, const Rewrite& rewrite) {
  return along(call, call.opset < 13, rewrite);
}

Outputs softmax(const Call& call) {
  return distribution(call, [](std::vector<double>& row) {
    if (row.empty()) return;
    const double most = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (double& x : row) sum += x = std::exp(x - most);
    for (double& x : row) x /= sum;
  });
}

Outputs log_softmax(const Call& call) {
  return distribution(call, [](std::vector<double>& row) {
    if (row.empty()) return;
    const double most = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (double x : row) sum += std::exp(x - most);
    for (double& x : row) x = x - most - std::log(sum);
  });
}

Outputs hardmax(const Call& call) {
  return distribution(call, [](std::vector<double>& row) {
    const auto winner = std::max_element(row.begin(), row.end());
    for (auto x = row.begin(); x != row.end(); ++x) *x = x == winner;
  });
}

Outputs lp_normalization(const Call& call) {
  const std::int64_t p = call.int_of("p");
  call.require(p == 1 || p == 2, "p must be 1 or 2");
  return along(call, false, [=](std::vector<double>& row) {
    double norm = 0;
    for (double x : row) norm += p == 1 ? std::fabs(x) : x * x;
    if (p == 2) norm = std::sqrt(norm);
    for (double& x : row) x = norm == 0 ? 0 : x / norm;
  });
}

Outputs mean_variance_normalization(const Call& call) {
  const Tensor& x = call.input(0);
  std::vector<bool> reduced(x.rank(), false);
  for (std::int64_t axis : call.node.ints_or("axes", {0, 2, 3})) reduced[call.axis(axis, x.rank())] = true;
  Shape kept = x.shape();
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (reduced[i]) kept[i] = 1;
  const std::vector<std::int64_t> group = broadcast_indices(kept, x.shape());
  std::vector<std::vector<double>> rows(call.result_size(kept));
  std::vector<double> values = to_doubles(x);
  for (std::size_t i = 0; i < values.size(); ++i) rows[static_cast<std::size_t>(group[i])].push_back(values[i]);
  std::vector<Moments> all;
  for (const std::vector<double>& row : rows) all.push_back(moments(row, 0));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Moments& m = all[static_cast<std::size_t>(group[i])];
    values[i] = (values[i] - m.mean) / (1 / m.inverse + 1e-9);
  }
  return {tensor_of(values, x.shape(), x.dtype())};
}

constexpr ReferenceKernel kKernels[] = {
    {"BatchNormalization", batch_normalization},
    {"GroupNormalization", group_normalization},
    {"Hardmax", hardmax},
    {"InstanceNormalization", instance_normalization},
    {"LRN", local_response_normalization},
    {"LayerNormalization", layer_normalization},
    {"LogSoftmax", log_softmax},
    {"LpNormalization", lp_normalization},
    {"MeanVarianceNormalization", mean_variance_normalization},
    {"RMSNormalization", rms_normalization},
    {"SimplifiedLayerNormalization", rms_normalization},
    {"Softmax", softmax},
};

}  // namespace

std::span<const ReferenceKernel> normalization_kernels() {
  return kKernels;
}

}  // namespace bw
