#include "common/base/nearest_word.h"

#include <algorithm>
#include <numeric>

namespace orderflow {
namespace {

// The number of characters to insert, delete or replace to make one word of the other.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> NearestWord(std::string_view typed,
                                       const std::vector<std::string>& candidates) {
  constexpr size_t kLongestWord = 64;
  if (typed.empty() || typed.size() > kLongestWord) return std::nullopt;
  std::optional<std::string> nearest;
  // A swap of two letters is a distance of two; in a very short word that would be any other word.
  size_t shortest = (typed.size() <= 3 ? 1 : std::max<size_t>(2, typed.size() / 3)) + 1;
  for (const std::string& candidate : candidates) {
    const bool is_start = typed.size() >= 2 && candidate.substr(0, typed.size()) == typed;
    const size_t distance = is_start ? 1 : EditDistance(typed, candidate);
    if (distance < shortest) {
      shortest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace orderflow
