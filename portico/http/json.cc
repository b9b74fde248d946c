// portico/http/json.cc — see json.h.
#include "portico/http/json.h"

#include "portico/http/hex.h"
#include "portico/http/utf8.h"

namespace portico::http {
namespace {

JsonCharacter written_as(std::size_t octets, std::string_view text) {
    JsonCharacter character{.octets = octets, .room = {}, .length = text.size()};
    std::ranges::copy(text, character.room.begin());
    return character;
}

// `number` is below 0x100.
JsonCharacter escape(std::size_t octets, unsigned number) {
    switch (number) {
        case '"': return written_as(octets, "\\\"");
        case '\\': return written_as(octets, "\\\\");
        case '\n': return written_as(octets, "\\n");
        case '\r': return written_as(octets, "\\r");
        case '\t': return written_as(octets, "\\t");
        default: break;
    }
    JsonCharacter character = written_as(octets, "\\u0000");
    character.room[4] = hex_digits_lower[number >> 4];
    character.room[5] = hex_digits_lower[number & 15];
    return character;
}

}  // namespace

JsonCharacter json_character(std::string_view text) {
    const std::size_t octets = utf8_octets(text);
    if (octets == 0) return written_as(1, "\\ufffd");
    const unsigned first = octet(text[0]);
    if (octets == 1) return escape(octets, first);
    // U+0080 to U+009F are the control characters of ISO 6429.
    if (first == 0xc2 && octet(text[1]) < 0xa0) return escape(octets, octet(text[1]));
    return written_as(octets, text.substr(0, octets));
}

}  // namespace portico::http
