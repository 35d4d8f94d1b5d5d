#include "measure/differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "run/feeding.h"
#include "tensor/convert.h"
#include "tensor/kernels/layout.h"

namespace bw {

double Difference::sqnr() const {
  return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}

double Difference::cosine() const {
  if (signal == 0 || other == 0) return signal == other ? 1 : 0;
  return product / std::sqrt(signal * other);
}

namespace {

// --- as it crosses to the worker and back
// ---------------------------------------------------------------------------------

Json to_json(const Comparisons& comparisons) {
  Json pairs = Json::array(), grids = Json::array();
  for (const ValuePair& pair : comparisons.pairs) pairs.push_back({pair.original, pair.other});
  for (const Grid& grid : comparisons.grids)
    grids.push_back({grid.value, grid.scale, grid.zero_point, grid.lowest, grid.highest, grid.channel_axis});
  return {{"pairs", pairs}, {"grids", grids}};
}

Comparisons comparisons_from(const Json& json) {
  Comparisons comparisons;
  for (const Json& pair : json.at("pairs"))
    comparisons.pairs.push_back({pair.at(0).get<std::string>(), pair.at(1).get<std::string>()});
  for (const Json& grid : json.at("grids"))
    comparisons.grids.push_back({grid.at(0).get<std::string>(), grid.at(1).get<float>(), grid.at(2).get<std::int64_t>(),
                                 grid.at(3).get<std::int64_t>(), grid.at(4).get<std::int64_t>(),
                                 grid.at(5).get<int>()});
  return comparisons;
}

Json to_json(const Difference& d) {
  return {d.elements, d.not_finite, d.signal, d.other, d.product, d.noise};
}
Difference difference_from(const Json& json) {
  return {json.at(0).get<std::uint64_t>(), json.at(1).get<std::uint64_t>(), json.at(2).get<double>(),
          json.at(3).get<double>(),        json.at(4).get<double>(),        json.at(5).get<double>()};
}

Json to_json(const GridUse& use) {
  return {use.elements, use.clipped, use.codes, use.power, use.noise, use.clip_noise, use.peak, use.channel_peaks};
}
GridUse use_from(const Json& json) {
  return {json.at(0).get<std::uint64_t>(), json.at(1).get<std::uint64_t>(),
          json.at(2).get<std::uint64_t>(), json.at(3).get<double>(),
          json.at(4).get<double>(),        json.at(5).get<double>(),
          json.at(6).get<float>(),         json.at(7).get<std::vector<float>>()};
}

// --- inside the worker
// ------------------------------------------------------------------------------------------------

Difference difference_of(const std::vector<float>& original, const std::vector<float>& other) {
  Difference sums;
  for (std::size_t i = 0; i < original.size(); ++i) {
    if (!std::isfinite(original[i])) continue;
    ++sums.elements;
    if (!std::isfinite(other[i])) {
      ++sums.not_finite;
      continue;
    }
    const double x = original[i], y = other[i];
    sums.signal += x * x;
    sums.other += y * y;
    sums.product += x * y;
    sums.noise += (y - x) * (y - x);
  }
  return sums;
}

void add(Difference& sum, const Difference& part) {
  sum.elements += part.elements;
  sum.not_finite += part.not_finite;
  sum.signal += part.signal;
  sum.other += part.other;
  sum.product += part.product;
  sum.noise += part.noise;
}

// Sums of squares over the elements of a value: of themselves, of what their codes miss, and of that where clipped.
struct Squares {
  double value = 0, noise = 0, clip_noise = 0;
};

// What of a grid does not depend on the order of the samples.
struct Seen {
  GridUse use;
  std::vector<bool> codes;
  bool channels_differ = false;

  explicit Seen(const Grid& grid) : codes(static_cast<std::size_t>(grid.highest - grid.lowest + 1), false) {}

  Squares add(const Grid& grid, const Tensor& value) {
    const std::vector<float> x = to_floats(value);
    Squares squares;
    for (const float each : x) {
      if (!std::isfinite(each)) continue;
      const double code = std::nearbyint(each / grid.scale) + static_cast<double>(grid.zero_point);
      const double kept = std::clamp(code, static_cast<double>(grid.lowest), static_cast<double>(grid.highest));
      codes[static_cast<std::size_t>(static_cast<std::int64_t>(kept) - grid.lowest)] = true;
      use.clipped += code != kept;
      ++use.elements;
      use.peak = std::max(use.peak, std::abs(each));
      const double error = (kept - static_cast<double>(grid.zero_point)) * static_cast<double>(grid.scale) - each;
      squares.value += static_cast<double>(each) * static_cast<double>(each);
      squares.noise += error * error;
      if (code != kept) squares.clip_noise += error * error;
    }
    add_channels(grid, x, value.shape());
    return squares;
  }

  void merge(const Seen& part) {
    use.elements += part.use.elements;
    use.clipped += part.use.clipped;
    use.peak = std::max(use.peak, part.use.peak);
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = codes[i] || part.codes[i];
    channels_differ |= part.channels_differ;
    if (!part.use.channel_peaks.empty()) merge_channels(part.use.channel_peaks);
  }

 private:
  void add_channels(const Grid& grid, const std::vector<float>& x, const Shape& shape) {
    const int rank = static_cast<int>(shape.size()),
              axis = grid.channel_axis < 0 ? grid.channel_axis + rank : grid.channel_axis;
    if (axis < 0 || axis >= rank) return;
    const Layout layout = layout_along(shape, axis);
    std::vector<float> peaks(layout.channels, 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      float& peak = peaks[i / layout.inner % layout.channels];
      if (std::isfinite(x[i])) peak = std::max(peak, std::abs(x[i]));
    }
    merge_channels(peaks);
  }

  void merge_channels(const std::vector<float>& peaks) {
    if (use.channel_peaks.empty()) use.channel_peaks.assign(peaks.size(), 0);
    channels_differ |= use.channel_peaks.size() != peaks.size();
    for (std::size_t c = 0; c < std::min(peaks.size(), use.channel_peaks.size()); ++c)
      use.channel_peaks[c] = std::max(use.channel_peaks[c], peaks[c]);
  }
};

// What one sample gives that is added in the order of the samples, so that rounding does not depend on threads.
struct SampleSums {
  std::vector<Difference> pairs;
  std::vector<Squares> squares;  // by grid
};

// Which values a job wants to see, and who waits for each. A value is shown once; the original of a pair is kept until
// the last of its others came.
class Watch {
 public:
  explicit Watch(const Comparisons& comparisons) : comparisons_(comparisons) {
    for (std::size_t p = 0; p < comparisons.pairs.size(); ++p) {
      pairs_by_tap_[tap(comparisons.pairs[p].original)].push_back(p);
      pairs_by_tap_[tap(comparisons.pairs[p].other)].push_back(p);
    }
    for (std::size_t g = 0; g < comparisons.grids.size(); ++g)
      grids_by_tap_[tap(comparisons.grids[g].value)].push_back(g);
  }

  const std::vector<std::string>& taps() const { return taps_; }

  SampleSums run(Runner& runner, const Sample& sample, std::vector<Seen>& seen) const {
    const std::vector<Sample> copies(batch_of(runner, sample), sample);
    SampleSums sums{std::vector<Difference>(comparisons_.pairs.size()),
                    std::vector<Squares>(comparisons_.grids.size())};
    std::map<std::size_t, std::vector<float>> waiting;  // by pair: the value that came first
    const TapSink sink = [&](std::size_t tap, const Tensor& whole) {
      const Tensor value = part_of(whole, 0, copies);
      if (const auto grids = grids_by_tap_.find(tap); grids != grids_by_tap_.end())
        for (const std::size_t g : grids->second) sums.squares[g] = seen[g].add(comparisons_.grids[g], value);
      if (const auto pairs = pairs_by_tap_.find(tap); pairs != pairs_by_tap_.end())
        for (const std::size_t p : pairs->second) meet(p, taps_[tap], value, waiting, sums.pairs[p]);
    };
    runner.run(inputs_of(copies, runner), sink);
    return sums;
  }

 private:
  std::size_t tap(const std::string& value) {
    const auto [known, is_new] = tap_of_.emplace(value, taps_.size());
    if (is_new) taps_.push_back(value);
    return known->second;
  }

  void meet(std::size_t pair, const std::string& name, const Tensor& value,
            std::map<std::size_t, std::vector<float>>& waiting, Difference& sums) const {
    std::vector<float> numbers = to_floats(value);
    const auto first = waiting.find(pair);
    const auto& [original, other] = comparisons_.pairs[pair];
    if (original == other) {
      sums = difference_of(numbers, numbers);
    } else if (first == waiting.end()) {
      waiting.emplace(pair, std::move(numbers));
    } else {
      if (first->second.size() != numbers.size())
        throw Error(InputClass::Semantic,
                    fmt::format("has {} elements where its counterpart has {}", numbers.size(), first->second.size()),
                    fmt::format("value '{}'", name));
      sums = name == other ? difference_of(first->second, numbers) : difference_of(numbers, first->second);
      waiting.erase(first);
    }
  }

  const Comparisons& comparisons_;
  std::vector<std::string> taps_;
  std::map<std::string, std::size_t> tap_of_;
  std::map<std::size_t, std::vector<std::size_t>> pairs_by_tap_, grids_by_tap_;
};

std::vector<Difference> summed(const std::vector<SampleSums>& samples, std::size_t pairs) {
  std::vector<Difference> sums(pairs);
  for (const SampleSums& sample : samples)
    for (std::size_t p = 0; p < sample.pairs.size(); ++p) add(sums[p], sample.pairs[p]);
  return sums;
}

GridUse use_of(const std::vector<std::vector<Seen>>& parts, const std::vector<SampleSums>& samples, std::size_t grid) {
  Seen all = parts.front()[grid];
  for (std::size_t t = 1; t < parts.size(); ++t) all.merge(parts[t][grid]);
  Squares sum;
  for (const SampleSums& sample : samples) {
    if (sample.squares.empty()) continue;
    sum.value += sample.squares[grid].value;
    sum.noise += sample.squares[grid].noise;
    sum.clip_noise += sample.squares[grid].clip_noise;
  }
  const double count = std::max(static_cast<double>(all.use.elements), 1.0);
  all.use.power = sum.value / count;
  all.use.noise = sum.noise / count;
  all.use.clip_noise = sum.clip_noise / count;
  all.use.codes = static_cast<std::uint64_t>(std::ranges::count(all.codes, true));
  if (all.channels_differ) all.use.channel_peaks.clear();
  return all.use;
}

JobResult run_differences(JobContext& context) {
  const Json request = context.request();
  const Comparisons comparisons = comparisons_from(request.at("comparisons"));
  const Watch watch(comparisons);
  LoadOptions options;
  options.optimize = false;
  options.taps = watch.taps();
  context.stage("load");
  const auto runner = load(deployment_from(request.at("model")), options);
  context.stage("run");
  const int threads = request.at("threads").get<int>();
  std::vector<Seen> nothing;
  for (const Grid& grid : comparisons.grids) nothing.emplace_back(grid);
  std::vector<std::vector<Seen>> parts(static_cast<std::size_t>(threads), nothing);
  std::vector<SampleSums> samples(request.at("samples").get<std::size_t>());
  for_each_group(context, threads, 1, [&](int thread, const SampleGroup& group) {
    const Sample& sample = group.samples.front();
    samples.at(group.first) = watch.run(*runner, sample, parts[static_cast<std::size_t>(thread)]);
  });
  Json pairs = Json::array(), grids = Json::array();
  for (const Difference& difference : summed(samples, comparisons.pairs.size())) pairs.push_back(to_json(difference));
  for (std::size_t g = 0; g < comparisons.grids.size(); ++g) grids.push_back(to_json(use_of(parts, samples, g)));
  return {to_line({{"pairs", pairs}, {"grids", grids}}), {}};
}

}  // namespace

Differences compare_values(Worker& worker, const Deployment& model, const Comparisons& comparisons,
                           SharedSamples& samples, int threads) {
  JobRequest request{"differences",
                     to_line({{"model", to_json(model)},
                              {"comparisons", to_json(comparisons)},
                              {"samples", samples.size()},
                              {"threads", threads}}),
                     {},
                     samples.feed()};
  Differences differences;
  read_result(worker.run(std::move(request)), [&](const Json& json) {
    for (const Json& pair : json.at("pairs")) differences.pairs.push_back(difference_from(pair));
    for (const Json& grid : json.at("grids")) differences.grids.push_back(use_from(grid));
    if (differences.pairs.size() != comparisons.pairs.size() || differences.grids.size() != comparisons.grids.size())
      throw Error(ErrorKind::Worker, "the worker's differences are not those that were asked for");
  });
  differences.samples = samples.size();
  return differences;
}

Job differences_job() {
  return {"differences", run_differences};
}

}  // namespace bw
