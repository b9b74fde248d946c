// portico/base/nearest.h — "did you mean …?"
//
// Room base: see fd.h.
// Threads:   none.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace portico {

// Returns the candidate that `word` was probably meant to be: the one with the fewest typing errors (an octet missing,
// added, changed, or two swapped), or one that begins with `word`. Returns nothing if none is near.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace portico
