// portico/http/utf8.cc — see utf8.h.
#include "portico/http/utf8.h"

#include "portico/http/hex.h"

namespace portico::http {
namespace {

// The range of the second octet, given the first (RFC 3629 §4). It is narrower if a sequence would otherwise be
// overlong, a surrogate or above U+10FFFF.
struct Sequence {
    std::size_t octets;
    unsigned second_min;
    unsigned second_max;
};

Sequence sequence_of(unsigned first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xc2) return {0, 0, 0};
    if (first < 0xe0) return {2, 0x80, 0xbf};
    if (first == 0xe0) return {3, 0xa0, 0xbf};
    if (first == 0xed) return {3, 0x80, 0x9f};
    if (first < 0xf0) return {3, 0x80, 0xbf};
    if (first == 0xf0) return {4, 0x90, 0xbf};
    if (first < 0xf4) return {4, 0x80, 0xbf};
    if (first == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_octets(std::string_view text) {
    if (text.empty()) return 0;
    const Sequence sequence = sequence_of(octet(text[0]));
    if (sequence.octets < 2) return sequence.octets;
    if (text.size() < sequence.octets) return 0;
    if (octet(text[1]) < sequence.second_min || octet(text[1]) > sequence.second_max) return 0;
    for (std::size_t i = 2; i < sequence.octets; ++i) {
        if ((octet(text[i]) & 0xc0) != 0x80) return 0;
    }
    return sequence.octets;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t octets = utf8_octets(text);
        if (octets == 0) return false;
        text.remove_prefix(octets);
    }
    return true;
}

}  // namespace portico::http
