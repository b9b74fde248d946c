// portico/base/nearest.cc — "did you mean …?"
//
// Room base: see fd.h.
#include "portico/base/nearest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace portico {
namespace {

// Words on a command line are short. A longer one is not a typing error, and the limit bounds the work.
constexpr std::size_t word_octets_max = 64;

// The restricted Damerau-Levenshtein distance, for which three rows of the table are enough.
std::size_t slips_between(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before_last(right.size() + 1);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t column = 0; column <= right.size(); ++column) row[column] = column;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[right.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
    if (word.empty() || word.size() > word_octets_max) return std::nullopt;
    // A third of the word may be wrong: "sevre" means serve, but "cat" matches nothing.
    std::size_t fewest = word.size() / 3 + (word.size() < 3 ? 0 : 1);
    std::optional<std::string_view> found;
    for (const std::string_view candidate : candidates) {
        const std::size_t slips = slips_between(word, candidate);
        if (slips < fewest) {
            fewest = slips;
            found = candidate;
        }
    }
    if (found) return found;
    const auto begun =
        std::ranges::find_if(candidates, [&](auto each) { return word.size() > 1 && each.starts_with(word); });
    if (begun != candidates.end()) return *begun;
    return std::nullopt;
}

}  // namespace portico
