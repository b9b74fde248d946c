// portico/wire/hpack/patterns.h — the first octets of what a block consists of (RFC 7541 §5.2, §6).
//
// Room wire: see h1/read_head.h.
#pragma once

namespace portico::hpack {

// A first octet begins with one of these patterns. The bits after it are the prefix of an integer. A line with none of
// the first four is a literal that is not added to the table, §6.2.2.
inline constexpr unsigned indexed_line = 0x80;    // §6.1
inline constexpr unsigned added_line = 0x40;      // §6.2.1
inline constexpr unsigned size_update = 0x20;     // §6.3
inline constexpr unsigned never_line = 0x10;      // §6.2.3
inline constexpr unsigned huffman_string = 0x80;  // §5.2

// How many bits the prefixes have.
inline constexpr unsigned indexed_prefix_bits = 7;
inline constexpr unsigned added_prefix_bits = 6;
inline constexpr unsigned update_prefix_bits = 5;
inline constexpr unsigned literal_prefix_bits = 4;  // of both kinds that are not added
inline constexpr unsigned string_prefix_bits = 7;

}  // namespace portico::hpack
