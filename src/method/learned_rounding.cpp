#include "method/learned_rounding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "base/parallel.h"
#include "tensor/kernels/product.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

// Of the stretched sigmoid (section 3.3): it reaches 0 and 1.
constexpr float kTop = 1.1f, kBottom = -0.1f;
constexpr std::size_t kPanel = 16;  // outputs that are learned together

// 2^x and log2(x) by polynomials: the same bits everywhere, and in vectors. Errors are below 1e-5 of what they give, of
// which learning takes no notice.
float power_of_two(float x) {
  x = std::clamp(x, -126.0f, 126.0f);
  const auto whole = static_cast<std::int32_t>(x + (x < 0 ? -0.5f : 0.5f));
  const float f = x - static_cast<float>(whole);
  const float part =
      1 + f * (0.693147181f + f * (0.240226507f + f * (0.0555041087f + f * (0.00961812911f + f * 0.00133335581f))));
  return part * std::bit_cast<float>((whole + 127) << 23);
}
float logarithm_of_two(float x) {  // of a positive x
  const auto bits = std::bit_cast<std::int32_t>(x);
  const float m = std::bit_cast<float>((bits & 0x7fffff) | 0x3f800000), t = (m - 1) / (m + 1), u = t * t;
  const float part = t * (2.88539008f + u * (0.961796694f + u * (0.577078016f + u * (0.412198583f + u * 0.32f))));
  return static_cast<float>((bits >> 23) - 127) + part;
}
float power(float base, float exponent) {
  return power_of_two(exponent * logarithm_of_two(std::max(base, 1e-30f)));
}
float sigmoid(float x) {
  return 1 / (1 + power_of_two(-x * std::numbers::log2e_v<float>));
}

// The rows that are learned from, in batches, and those that are not.
struct Rows {
  struct Batch {
    PackedRows x, transposed;
    std::vector<float> wanted;  // behind the activation function
  };
  std::vector<Batch> batches;
  std::size_t held_first;
  PackedRows held;
};

std::vector<float> passed(std::span<const float> values, Range range) {
  std::vector<float> through(values.begin(), values.end());
  for (float& value : through) value = std::clamp(value, range.low, range.high);
  return through;
}

Rows rows_of(const RoundingTask& task, const RoundingOptions& options) {
  const std::size_t learning = task.rows - task.rows / options.held_back;
  const std::size_t batches = std::max<std::size_t>(1, learning / options.batch), batch = learning / batches;
  const std::size_t held = task.rows - learning;
  Rows rows{{}, learning, PackedRows(task.x.subspan(learning * task.inner), held, task.inner)};
  for (std::size_t first = 0; rows.batches.size() < batches; first += batch) {
    const std::span<const float> x = task.x.subspan(first * task.inner, batch * task.inner);
    rows.batches.push_back({PackedRows(x, batch, task.inner),
                            PackedRows(transposed(x, batch, task.inner), task.inner, batch),
                            passed(task.wanted.subspan(first * task.outputs, batch * task.outputs), task.passes)});
  }
  return rows;
}

// What one step of Adam takes (Kingma and Ba, 2015), and of the loss.
struct Step {
  float rate, root;          // with the means' start at zero made up for: rate / (1 - 0.9^t), 1 / (1 - 0.999^t)
  float decision, exponent;  // lambda and beta; 0 at first
};

Step step_at(std::size_t t, const RoundingOptions& options) {
  constexpr double kWarmUp = 0.2, kFirst = 20, kLast = 2;
  const double n = static_cast<double>(t + 1), done = static_cast<double>(t) / static_cast<double>(options.steps);
  const double annealed = (done - kWarmUp) / (1 - kWarmUp);
  const double exponent = kLast + (kFirst - kLast) / 2 * (1 + std::cos(std::max(annealed, 0.0) * std::numbers::pi));
  return {static_cast<float>(options.rate / (1 - std::pow(0.9, n))), static_cast<float>(1 / (1 - std::pow(0.999, n))),
          annealed < 0 ? 0 : static_cast<float>(options.decision), static_cast<float>(exponent)};
}

// Some of the outputs, each on its own.
class Panel {
 public:
  Panel(const RoundingTask& task, const RoundingOptions& options, const Rows& rows, double mean_square,
        std::size_t first)
      : task_(task), options_(options), rows_(rows), first_(first), count_(std::min(kPanel, task.outputs - first)) {
    for (std::vector<float>* state : {&floors_, &v_, &mean_, &square_, &numbers_, &slopes_, &ups_, &gradient_})
      state->resize(task.inner * count_, 0);
    for (std::size_t c = 0; c < count_; ++c)  // of the loss by a number, times the scale: by h
      loss_by_error_.push_back(
          mean_square > 0 ? static_cast<float>(2 / (static_cast<double>(task.scales[first + c]) * mean_square)) : 0);
    each([&](std::size_t i, std::size_t k, std::size_t output) { start(i, k, output); });
  }

  void learn() {
    for (std::size_t t = 0; t < options_.steps; ++t) {
      soften();
      const Rows::Batch& batch = rows_.batches[t % rows_.batches.size()];
      multiply(batch.transposed, errors_of(batch), count_, gradient_);
      move(step_at(t, options_));
    }
  }

  // Into [inner, outputs].
  void put_codes(std::vector<float>& codes) const {
    each([&](std::size_t i, std::size_t k, std::size_t output) {
      codes[k * task_.outputs + output] = in_range(floors_[i] + (v_[i] >= 0 ? 1.0f : 0.0f));
    });
  }

 private:
  template <class Body>
  void each(Body&& body) const {
    for (std::size_t k = 0; k < task_.inner; ++k)
      for (std::size_t c = 0; c < count_; ++c) body(k * count_ + c, k, first_ + c);
  }
  float in_range(float code) const {
    return std::clamp(code, static_cast<float>(task_.codes.lowest), static_cast<float>(task_.codes.highest));
  }

  // So that the soft number is the weight.
  void start(std::size_t i, std::size_t k, std::size_t output) {
    const float code = task_.weights[k * task_.outputs + output] / task_.scales[output] + task_.zero_points[output];
    floors_[i] = std::floor(code);
    const double share = (static_cast<double>(code) - static_cast<double>(floors_[i]) - static_cast<double>(kBottom)) /
                         static_cast<double>(kTop - kBottom);
    v_[i] = static_cast<float>(-std::log(1 / share - 1));
  }

  // What v stands for: numbers, and how h moves with v. No gradient passes a code that is cut off, or an h that is.
  void soften() {
    each([&](std::size_t i, std::size_t, std::size_t output) {
      const float s = sigmoid(v_[i]), h = s * (kTop - kBottom) + kBottom;
      const float code = floors_[i] + std::clamp(h, 0.0f, 1.0f);
      numbers_[i] = (in_range(code) - task_.zero_points[output]) * task_.scales[output];
      slopes_[i] = h > 0 && h < 1 ? s * (1 - s) * (kTop - kBottom) : 0.0f;
      ups_[i] = h;
    });
  }

  std::vector<float> errors_of(const Rows::Batch& batch) const {
    const std::size_t rows = batch.x.rows();
    std::vector<float> errors(rows * count_);
    multiply(batch.x, numbers_, count_, errors);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < count_; ++c) {
        const std::size_t output = first_ + c;
        const float met = errors[r * count_ + c] + task_.bias[output];
        const bool passes = met > task_.passes.low && met < task_.passes.high;
        const float off =
            std::clamp(met, task_.passes.low, task_.passes.high) - batch.wanted[r * task_.outputs + output];
        errors[r * count_ + c] = passes ? off * loss_by_error_[c] / static_cast<float>(rows) : 0.0f;
      }
    return errors;
  }

  void move(const Step& step) {
    each([&](std::size_t i, std::size_t, std::size_t) {
      const float side = 2 * ups_[i] - 1, apart = std::abs(side);
      const float pull = -2 * step.exponent * power(apart, step.exponent - 1) * (side < 0 ? -1.0f : 1.0f);
      const float gradient = (gradient_[i] + step.decision * pull) * slopes_[i];
      mean_[i] = 0.9f * mean_[i] + 0.1f * gradient;
      square_[i] = 0.999f * square_[i] + 0.001f * gradient * gradient;
      v_[i] -= step.rate * mean_[i] / (std::sqrt(square_[i] * step.root) + 1e-8f);
    });
  }

  const RoundingTask& task_;
  const RoundingOptions& options_;
  const Rows& rows_;
  const std::size_t first_, count_;
  std::vector<float> loss_by_error_;                                                   // one an output
  std::vector<float> floors_, v_, mean_, square_, numbers_, slopes_, ups_, gradient_;  // [inner, count]
};

double mean_square(std::span<const float> x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
  return sum / static_cast<double>(std::max<std::size_t>(x.size(), 1));
}

std::vector<float> nearest_codes(const RoundingTask& task) {
  std::vector<float> codes(task.weights.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t output = i % task.outputs;
    codes[i] = std::clamp(std::nearbyint(task.weights[i] / task.scales[output]) + task.zero_points[output],
                          static_cast<float>(task.codes.lowest), static_cast<float>(task.codes.highest));
  }
  return codes;
}

double error_of(const RoundingTask& task, const Rows& rows, const std::vector<float>& codes) {
  std::vector<float> numbers(codes.size()), met(rows.held.rows() * task.outputs);
  for (std::size_t i = 0; i < codes.size(); ++i)
    numbers[i] = (codes[i] - task.zero_points[i % task.outputs]) * task.scales[i % task.outputs];
  multiply(rows.held, numbers, task.outputs, met);
  double sum = 0;
  for (std::size_t i = 0; i < met.size(); ++i) {
    const float value = met[i] + task.bias[i % task.outputs];
    const auto through = [&](float x) { return static_cast<double>(std::clamp(x, task.passes.low, task.passes.high)); };
    const double off = through(value) - through(task.wanted[rows.held_first * task.outputs + i]);
    sum += off * off;
  }
  return sum / static_cast<double>(std::max<std::size_t>(rows.held.rows(), 1));
}

}  // namespace

LearnedRounding learned_rounding(const RoundingTask& task, const RoundingOptions& options) {
  const Rows rows = rows_of(task, options);
  const double square = mean_square(task.x);
  LearnedRounding learned{std::vector<float>(task.weights.size()), 0, 0};
  parallel_for((task.outputs + kPanel - 1) / kPanel, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t panel = begin; panel < end; ++panel) {
      Panel outputs(task, options, rows, square, panel * kPanel);
      outputs.learn();
      outputs.put_codes(learned.codes);
    }
  });
  learned.nearest_error = error_of(task, rows, nearest_codes(task));
  learned.error = error_of(task, rows, learned.codes);
  return learned;
}

}  // namespace bw
