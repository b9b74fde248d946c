// portico/wire/websocket/utf8_reader.h — checks UTF-8 that comes in pieces (RFC 3629 §4, RFC 6455 §8.1).
//
// Room wire: see frame.h.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace portico::websocket {

// One text, piece by piece. A character may be split between pieces.
class Utf8Reader {
public:
    // False: the text is not UTF-8, whatever follows. Found at the first octet that can't belong to it.
    [[nodiscard]] bool read(std::string_view octets);
    // Whether the text may end here: no character is incomplete.
    [[nodiscard]] bool is_complete() const { return left_ == 0; }

private:
    std::size_t left_ = 0;   // octets that the character still needs
    unsigned next_min_ = 0;  // the range of the next one
    unsigned next_max_ = 0;
};

}  // namespace portico::websocket
