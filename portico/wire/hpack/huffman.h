// portico/wire/hpack/huffman.h — the Huffman code of string literals (RFC 7541 §5.2, Appendix B).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "portico/wire/hpack/failure.h"

namespace portico::hpack {

// How the letters of a text are encoded. Field names are in lower case on the wire (RFC 9113 §8.2).
enum class Letters : std::uint8_t { as_they_are, in_lower_case };

// How many octets `text` takes when it is encoded.
[[nodiscard]] std::size_t huffman_octets(std::string_view text, Letters letters = Letters::as_they_are);

// Writes the encoded text to `to`, which has room for huffman_octets(). Returns the end of what it wrote.
[[nodiscard]] char* encode_huffman(std::string_view text, char* to, Letters letters = Letters::as_they_are);

// Decodes into `room` and returns how many octets the text has. If the room is smaller than that, as much as fits is
// written: call again with more room.
//
// Fails if the padding has more than 7 bits or a bit that is not set, and if EOS is in the string (RFC 7541 §5.2).
[[nodiscard]] Result<std::size_t> decode_huffman(std::string_view coded, std::span<char> room);

}  // namespace portico::hpack
