// portico/wire/hpack/static_table.h — the field lines that every encoder and decoder knows (RFC 7541 Appendix A).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cstddef>
#include <string_view>

#include "portico/http/fields.h"

namespace portico::hpack {

struct StaticEntry {
    http::FieldName known;  // `other` for pseudo-header fields, and for fields that http does not name
    std::string_view name;
    std::string_view value;
};

// The entries have the indices from 1 to this one.
inline constexpr std::size_t static_index_max = 61;
// Those with the name ":status".
inline constexpr std::size_t static_status_first = 8;
inline constexpr std::size_t static_status_last = 14;

// The entry with that index, which exists (asserted).
[[nodiscard]] const StaticEntry& static_entry(std::size_t index);

// How well a table knows a line.
struct Match {
    std::size_t index = 0;  // of an entry with the line's name; 0: there is none
    bool is_whole = false;  // the entry has the line's value too
};

// Looks for a line. `known` is what http::recognise() makes of `name`. Names are case-insensitive.
[[nodiscard]] Match find_static(http::FieldName known, std::string_view name, std::string_view value);

}  // namespace portico::hpack
