#include "base/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

namespace bw {
namespace {

std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

// More letters than this make another word of it: one of three, and any in a word of one.
std::size_t most(std::string_view a, std::string_view b) {
  const std::size_t letters = std::min(a.size(), b.size());
  return letters < 2 ? 0 : std::max<std::size_t>(1, letters / 3);
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongestName = 100, kShortestBeginning = 3;  // nobody mistypes a page
  if (name.empty() || name.size() > kLongestName) return "";
  const std::string typed = folded(name);
  std::string_view best;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const std::string_view candidate : known) {
    const std::string word = folded(candidate);
    std::size_t d = distance(typed, word);
    if (typed.size() >= kShortestBeginning && word.starts_with(typed)) d = std::min<std::size_t>(d, 1);
    if (d > most(typed, word) || d >= least) continue;
    least = d;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view meant = nearest(name, known);
  return meant.empty() ? "" : fmt::format("Did you mean '{}'? ", meant);
}

std::string known_names(std::string_view name, const std::vector<std::string_view>& known) {
  if (known.empty()) return "There are none";
  return fmt::format("{}There are: {}", did_you_mean(name, known), fmt::join(known, ", "));
}

Error no_such(std::string_view what, std::string_view name, const std::vector<std::string_view>& known) {
  return Error(ErrorKind::Usage, fmt::format("there is no {} '{}'", what, name), "", known_names(name, known));
}

}  // namespace bw
