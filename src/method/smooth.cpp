// SmoothQuant: Guangxuan Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large
// Language Models", 2022, section 4. Channels of a product's activation that are much larger than others take the codes
// of all; so channel j is divided by s_j = max|x_j|^a / max|w_j|^(1 - a), and row j of the weights multiplied by it.
//
// The strength a is the one of least error: of the products' outputs for rows that calibration kept, with activation
// and weights coded as 8-bit integers.
#include <algorithm>
#include <cmath>
#include <ranges>

#include "base/stop.h"
#include "method/catalog.h"
#include "method/channel_division.h"
#include "observe/statistics/channel_range.h"
#include "observe/statistics/reservoir.h"

namespace bw {
namespace {

constexpr double kLeastFactor = 1e-5;
constexpr std::size_t kRows = 64;  // that strengths are tried on
constexpr double kStrengths[] = {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr double kWorthwhile = 0.9;  // of the error without, above which a site is left as it is

constexpr Parameter kParameters[] = {
    {.name = "strength",
     .type = Parameter::Type::Number,
     .standard = "0",
     .says = "how much of the difficulty moves into the weights; 0: what gives the least error, layer by layer",
     .low = 0,
     .high = 1},
    kResidual,
};

// What a site's factors are chosen by.
struct Seen {
  ChannelDivision::Numbers numbers;
  std::vector<Range> ranges;  // of the channels
};

std::vector<double> factors_of(const Seen& seen, double strength) {
  std::vector<double> factors(seen.numbers.channels, 1);
  for (std::size_t j = 0; j < factors.size(); ++j) {
    double most = 0;
    for (const ChannelDivision::Numbers::Weights& product : seen.numbers.products)
      for (std::size_t o = 0; o < product.outputs; ++o)
        most = std::max(most, std::abs(static_cast<double>(product.values[j * product.outputs + o])));
    const double x =
        std::max(std::abs(static_cast<double>(seen.ranges[j].low)), std::abs(static_cast<double>(seen.ranges[j].high)));
    if (x > 0 && most > 0) factors[j] = std::max(kLeastFactor, std::pow(x, strength) / std::pow(most, 1 - strength));
  }
  return factors;
}

std::vector<float> coded(std::span<const float> values, const Shape& shape, const QParams& params) {
  const Tensor numbers = dequantize(quantize(Tensor::of<float>(shape, values), params), params);
  const std::span<const float> data = numbers.data<float>();
  return {data.begin(), data.end()};
}

std::vector<float> coded_activation(const Seen& seen, const std::vector<double>& factors) {
  const Scheme scheme{.code = DType::UInt8};
  Range range;
  for (std::size_t j = 0; j < factors.size(); ++j) {
    range.low = std::min(range.low, static_cast<float>(seen.ranges[j].low / factors[j]));
    range.high = std::max(range.high, static_cast<float>(seen.ranges[j].high / factors[j]));
  }
  const ScaleZeroPoint pair = scale_and_zero_point(range, scheme);
  const Shape shape{static_cast<std::int64_t>(seen.numbers.rows), static_cast<std::int64_t>(factors.size())};
  return coded(seen.numbers.divided(factors), shape,
               {.scheme = scheme, .scales = {pair.scale}, .zero_points = {static_cast<float>(pair.zero_point)}});
}

std::vector<float> coded_weights(const ChannelDivision::Numbers::Weights& product, const std::vector<double>& factors) {
  const std::vector<float> multiplied = product.multiplied(factors);
  const Shape shape{static_cast<std::int64_t>(factors.size()), static_cast<std::int64_t>(product.outputs)};
  const Scheme scheme{.code = DType::Int8, .granularity = Granularity::Channel, .axis = 1, .symmetric = true};
  return coded(multiplied, shape,
               params_of_constant(Tensor::of<float>(shape, std::span<const float>(multiplied)), scheme));
}

double error_of(const Seen& seen, const std::vector<double>& factors) {
  const std::vector<float> x = coded_activation(seen, factors);
  double error = 0;
  for (const ChannelDivision::Numbers::Weights& product : seen.numbers.products)
    error += seen.numbers.error(x, product, coded_weights(product, factors));
  return error;
}

// Of the least error; nothing where none is much less than without any.
std::vector<double> best_factors(const Seen& seen) {
  std::vector<double> best;
  double least = kWorthwhile * error_of(seen, std::vector<double>(seen.numbers.channels, 1));
  for (const double strength : kStrengths) {
    std::vector<double> factors = factors_of(seen, strength);
    const double error = error_of(seen, factors);
    if (error >= least) continue;
    least = error;
    best = std::move(factors);
  }
  return best;
}

Needs needs(const Task& task, const Arguments& arguments) {
  return ChannelDivision(task, arguments).needs({ChannelRangeStatistic::kName, ReservoirStatistic::kName});
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  const double strength = arguments.number("strength");
  ChannelDivision division(task, arguments);
  for (const ChannelDivision::Site& site :
       division.sites() | std::views::reverse) {  // a product that makes another site's activation is final
    throw_if_stopped(task.stop);
    const ValueEvidence& value = evidence.value(division.name(site));
    const int axis = division.axis(site);
    const Seen seen{division.numbers(site, value.get<ReservoirStatistic>(axis), kRows),
                    value.get<ChannelRangeStatistic>(axis).ranges()};
    const std::vector<double> factors = strength > 0 ? factors_of(seen, strength) : best_factors(seen);
    if (!factors.empty()) division.divide(site, factors, plan);
  }
  division.note("smoothed", plan);
  return plan;
}

}  // namespace

Method smooth() {
  return {.name = "smooth",
          .says = "moves large channels of products' activations into their weights, before a method that codes both",
          .group = "ptq_8bit",
          .stage = Stage::Rewrite,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
