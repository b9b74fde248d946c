// portico/wire/websocket/utf8_reader.cc — see utf8_reader.h.
#include "portico/wire/websocket/utf8_reader.h"

#include <cstdint>
#include <cstring>

namespace portico::websocket {
namespace {

// How many octets at the front are ASCII: at least those of whole words.
std::size_t ascii_octets(std::string_view octets) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t at = 0;
    for (std::uint64_t part = 0; at + sizeof part <= octets.size(); at += sizeof part) {
        std::memcpy(&part, octets.data() + at, sizeof part);
        if ((part & high_bits) != 0) break;
    }
    return at;
}

}  // namespace

bool Utf8Reader::read(std::string_view octets) {
    while (!octets.empty()) {
        if (left_ == 0) {
            octets.remove_prefix(ascii_octets(octets));
            if (octets.empty()) break;
        }
        const auto octet = static_cast<unsigned char>(octets.front());
        octets.remove_prefix(1);
        if (left_ > 0) {
            if (octet < next_min_ || octet > next_max_) return false;
            --left_;
            next_min_ = 0x80;
            next_max_ = 0xbf;
            continue;
        }
        if (octet < 0x80) continue;
        // RFC 3629 §4. The second octet's range is narrower where the character would otherwise be overlong, a
        // surrogate or above U+10FFFF.
        if (octet < 0xc2 || octet > 0xf4) return false;
        left_ = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
        next_min_ = octet == 0xe0 ? 0xa0 : octet == 0xf0 ? 0x90 : 0x80;
        next_max_ = octet == 0xed ? 0x9f : octet == 0xf4 ? 0x8f : 0xbf;
    }
    return true;
}

}  // namespace portico::websocket
