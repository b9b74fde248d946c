// portico/wire/hpack/indexing.h — what an encoder and a decoder have in common.
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace portico::hpack {

// The table that both sides have before any setting arrives (RFC 9113 §6.5.2).
inline constexpr std::size_t initial_table_octets_max = 4096;

// Whether a line may be put into a dynamic table. `never`: not into that of any hop, because the value is a secret (RFC
// 7541 §6.2.3, §7.1.3). A gateway forwards such a line in the same way.
enum class Indexing : std::uint8_t { allowed, never };

}  // namespace portico::hpack
