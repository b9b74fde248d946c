// portico/base/nearest.h — "did you mean …?"
//
// Room base: see fd.h.
// Threads:   none.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace portico {

// Which of `candidates` was probably meant by `word`: the one with the fewest slips of the finger between them (an
// octet missing, added, changed, or two swapped), or one that `word` is the beginning of. Nothing where none is near.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace portico
