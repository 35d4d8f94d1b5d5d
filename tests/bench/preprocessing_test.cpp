#include "bench/preprocessing.h"

#include <catch2/catch_test_macros.hpp>

#include "base/random.h"

using namespace bw;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers labels_of(std::size_t count, std::uint64_t classes) {
  Random random(3);
  Numbers labels;
  for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::int64_t>(random.below(classes)));
  return labels;
}

// Every tenth answer is another class.
template <class Change>
Numbers answers_of(const Numbers& labels, Change&& change) {
  Numbers answers;
  for (std::size_t i = 0; i < labels.size(); ++i)
    answers.push_back(change(i % 10 == 0 ? (labels[i] + 3) % 10 : labels[i]));
  return answers;
}

}  // namespace

TEST_CASE("answers fit labels as they are, from another first class, or by other names") {
  const Numbers labels = labels_of(200, 10);
  const Fit same = best_fit(answers_of(labels, [](auto label) { return label; }), labels);
  CHECK(same.right == 0.9);
  CHECK(same.offset == 0);
  CHECK(same.renamed.empty());
  CHECK(best_fit(answers_of(labels, [](auto label) { return label + 1; }), labels).offset == 1);
  CHECK(best_fit(answers_of(labels, [](auto label) { return label - 1; }), labels).offset == -1);
  const Fit renamed = best_fit(answers_of(labels, [](auto label) { return (7 * label + 4) % 10; }), labels);
  REQUIRE(renamed.renamed.size() == 10);
  CHECK(renamed.renamed[4] == 0);
  CHECK(renamed.renamed[1] == 1);
  CHECK(renamed.right > 0.8);
}

TEST_CASE("answers that have nothing to do with the labels fit none") {
  const Numbers labels = labels_of(200, 10);
  Random random(99);
  Numbers answers;
  for (std::size_t i = 0; i < labels.size(); ++i) answers.push_back(static_cast<std::int64_t>(random.below(10)));
  CHECK_FALSE(beyond_chance(best_fit(answers, labels).right, labels));
  CHECK(beyond_chance(0.9, labels));
  Numbers uneven(100, 0);
  for (std::size_t i = 0; i < 20; ++i) uneven[i] = 1;
  CHECK_FALSE(beyond_chance(0.85, uneven));  // naming class 0 always is as good
}
