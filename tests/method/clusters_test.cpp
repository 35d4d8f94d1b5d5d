// Clusters against every division there is, of few numbers, and against the optimum that is known of many.
#include "method/clusters.h"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "base/random.h"

using namespace bw;

namespace {

double error_of(std::span<const float> numbers, std::span<const float> weights, const std::vector<float>& centers) {
  double error = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (const float center : centers)
      least = std::min(least, std::pow(static_cast<double>(numbers[i]) - static_cast<double>(center), 2));
    error += (weights.empty() ? 1 : static_cast<double>(weights[i])) * least;
  }
  return error;
}

// Over all ways to cut sorted numbers into `most` runs.
double best_error(std::vector<std::pair<float, float>> points, std::size_t most) {
  std::ranges::sort(points);
  const auto cost = [&](std::size_t first, std::size_t end) {
    double sum = 0, weight = 0, error = 0;
    for (std::size_t i = first; i < end; ++i) sum += points[i].first * points[i].second, weight += points[i].second;
    for (std::size_t i = first; i < end; ++i) error += points[i].second * std::pow(points[i].first - sum / weight, 2);
    return weight > 0 ? error : 0;
  };
  const auto best = [&](const auto& self, std::size_t first, std::size_t left) -> double {
    if (left == 1 || first == points.size()) return cost(first, points.size());
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t end = first + 1; end <= points.size(); ++end)
      least = std::min(least, cost(first, end) + self(self, end, left - 1));
    return least;
  };
  return best(best, 0, most);
}

}  // namespace

TEST_CASE("no division has less error") {
  Random random(1);
  for (const std::size_t most : {1, 2, 3, 4})
    for (const bool weighed : {false, true})
      for (int trial = 0; trial < 20; ++trial) {
        std::vector<float> numbers, weights;
        std::vector<std::pair<float, float>> points;
        for (int i = 0; i < 11; ++i) {
          numbers.push_back(static_cast<float>(trial % 2 ? random.normal() : static_cast<double>(random.below(6))));
          weights.push_back(weighed ? static_cast<float>(random.below(4)) : 1);
          points.emplace_back(numbers.back(), weights.back());
        }
        const std::vector<float> centers =
            cluster_centers(numbers, weighed ? std::span<const float>(weights) : std::span<const float>(), most);
        CAPTURE(most, weighed, trial);
        CHECK(std::ranges::is_sorted(centers));
        CHECK(centers.size() <= most);
        CHECK(error_of(numbers, weights, centers) == Catch::Approx(best_error(points, most)).margin(1e-5));
      }
}

TEST_CASE("few different numbers are their own centers, and none have none") {
  CHECK(cluster_centers(std::vector<float>{3, 1, 3, 2, 1}, {}, 4) == std::vector<float>{1, 2, 3});
  CHECK(cluster_centers(std::vector<float>{5, 5}, std::vector<float>{0, 0}, 2) == std::vector<float>{5});
  CHECK(cluster_centers({}, {}, 4).empty());
}

TEST_CASE("two clusters of a normal distribution lie where they must, by cells as well") {
  Random random(2);
  std::vector<float> numbers(200'000);
  for (float& number : numbers) number = static_cast<float>(random.normal());
  const std::vector<float> two = cluster_centers(numbers, {}, 2);
  CHECK(two[1] == Catch::Approx(std::sqrt(2 / 3.14159265)).margin(0.01));  // the mean of a half
  CHECK(two[0] == Catch::Approx(-two[1]).margin(0.01));
  const std::vector<float> many = cluster_centers(numbers, {}, 256);  // beyond what is divided number by number
  CHECK(many.size() == 256);
  const double error = error_of(std::span(numbers).first(5000), {}, many) / 5000;
  CHECK(error < 1.2 * 2.72 / (256 * 256));     // Panter and Dite, 1951: sqrt(3) pi / 2 / levels^2
  std::vector<float> weights(numbers.size());  // the lower half counts a hundred times as much, and is met more closely
  for (std::size_t i = 0; i < numbers.size(); ++i) weights[i] = numbers[i] < 0 ? 100 : 1;
  const std::vector<float> uneven = cluster_centers(numbers, weights, 256);
  CHECK(std::ranges::count_if(uneven, [](float center) { return center < 0; }) > 192);
}
