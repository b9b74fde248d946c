// portico/wire/hpack/huffman.cc — see huffman.h.
//
// The code is canonical: sorted by length and then by symbol, each code is its predecessor plus one, with zeros
// appended if it is longer. So the lengths are the whole of Appendix B, and all tables are made from them at compile
// time.
#include "portico/wire/hpack/huffman.h"

#include <array>
#include <cassert>

#include "portico/base/byte_order.h"
#include "portico/http/hex.h"

namespace portico::hpack {
namespace {

constexpr std::size_t symbol_count = 257;
constexpr std::uint16_t end_of_string = 256;  // EOS
constexpr unsigned code_bits_max = 30;

// The number of bits of each symbol's code, in the order of Appendix B.
constexpr std::array<std::uint8_t, symbol_count> code_bits = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  // 0
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  // 16
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,   // SP
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  // "0"
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   // "@"
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,   // "P"
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   // "`"
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  // "p"
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  // 128
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  // 144
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  // 160
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  // 176
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  // 192
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  // 208
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  // 224
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  // 240
    30,                                                              // EOS
};

// A window is the next bits of a string, of which the most significant is the next.
constexpr unsigned window_bits = 64;

// The codes of one length are consecutive numbers, and so are the places of their symbols in `symbols`.
struct CodesOfLength {
    std::uint64_t windows_end;  // a window with a code of this length or a shorter one is less
    std::uint32_t first_code;
    std::uint16_t first_place;
};

struct Canon {
    std::array<std::uint32_t, symbol_count> codes{};    // of each symbol, right-aligned
    std::array<std::uint16_t, symbol_count> symbols{};  // in the order of their codes
    std::array<CodesOfLength, code_bits_max + 1> lengths{};
};

consteval Canon make_canon() {
    Canon canon;
    std::uint32_t code = 0;
    std::uint16_t place = 0;
    for (unsigned bits = 1; bits <= code_bits_max; ++bits) {
        code <<= 1;
        CodesOfLength& length = canon.lengths[bits];
        length.first_code = code;
        length.first_place = place;
        for (std::uint16_t symbol = 0; symbol < symbol_count; ++symbol) {
            if (code_bits[symbol] != bits) continue;
            canon.codes[symbol] = code++;
            canon.symbols[place++] = symbol;
        }
        // After the last code, EOS, this is 2^64, which is 0 here. No window is searched for beyond it.
        length.windows_end = static_cast<std::uint64_t>(code) << (window_bits - bits);
    }
    return canon;
}
constexpr Canon canon = make_canon();
static_assert(canon.codes[end_of_string] == 0x3fffffff, "the last code is all ones, so all codes are used");

// One symbol, decoded.
struct Step {
    std::uint16_t symbol;
    std::uint8_t bits;  // of the code; 0 in short_steps: the code is longer than short_bits
};

// Codes of at most this many bits are decoded by one lookup. They are those of all letters, digits and the marks that
// are common in fields.
constexpr unsigned short_bits = 10;

consteval std::array<Step, 1U << short_bits> make_short_steps() {
    std::array<Step, 1U << short_bits> steps{};
    for (std::uint16_t symbol = 0; symbol < symbol_count; ++symbol) {
        const unsigned bits = code_bits[symbol];
        if (bits > short_bits) continue;
        const std::size_t copies = std::size_t{1} << (short_bits - bits);
        for (std::size_t i = 0; i < copies; ++i) {
            steps[(canon.codes[symbol] * copies) + i] = Step{symbol, static_cast<std::uint8_t>(bits)};
        }
    }
    return steps;
}
constexpr auto short_steps = make_short_steps();

Step long_step(std::uint64_t window) {
    unsigned bits = short_bits + 1;
    while (bits < code_bits_max && window >= canon.lengths[bits].windows_end) ++bits;
    const CodesOfLength& length = canon.lengths[bits];
    const auto code = static_cast<std::uint32_t>(window >> (window_bits - bits));
    return Step{canon.symbols[length.first_place + (code - length.first_code)], static_cast<std::uint8_t>(bits)};
}

Step next_step(std::uint64_t window) {
    const Step step = short_steps[window >> (window_bits - short_bits)];
    return step.bits != 0 ? step : long_step(window);
}

// The bits of a string. The window holds the next `held` of them. The other bits of the window are either zero or the
// bits that follow, so that they can be set again.
class Bits {
public:
    explicit Bits(std::string_view octets) : at_(octets.data()), end_(octets.data() + octets.size()) {}

    // Afterwards, less than 56 bits are held only if the string has no more.
    void fill() {
        if (end_ - at_ >= 8) {
            window |= load_big<std::uint64_t>(std::span(at_, 8)) >> held;
            const unsigned octets = (window_bits - 1 - held) / 8;
            at_ += octets;
            held += 8 * octets;
            return;
        }
        for (; held <= window_bits - 8 && at_ != end_; held += 8) {
            window |= std::uint64_t{http::octet(*at_++)} << (window_bits - 8 - held);
        }
    }
    void drop(unsigned bits) {
        window <<= bits;
        held -= bits;
    }

    std::uint64_t window = 0;
    unsigned held = 0;

private:
    const char* at_;
    const char* end_;
};

// RFC 7541 §5.2: the padding is at most 7 bits of the code of EOS, which is all ones.
bool is_padding(const Bits& bits) {
    return bits.held == 0 || (bits.held <= 7 && ~bits.window >> (window_bits - bits.held) == 0);
}

struct Code {
    std::uint32_t code;
    std::uint32_t bits;
};

consteval std::array<Code, 256> make_codes(Letters letters) {
    std::array<Code, 256> all{};
    for (unsigned octet = 0; octet < all.size(); ++octet) {
        const bool fold = letters == Letters::in_lower_case && octet >= 'A' && octet <= 'Z';
        const unsigned symbol = fold ? octet | 0x20U : octet;
        all[octet] = Code{canon.codes[symbol], code_bits[symbol]};
    }
    return all;
}
constexpr std::array<std::array<Code, 256>, 2> codes_by_letters = {make_codes(Letters::as_they_are),
                                                                   make_codes(Letters::in_lower_case)};

const std::array<Code, 256>& codes_for(Letters letters) { return codes_by_letters[static_cast<std::size_t>(letters)]; }

}  // namespace

std::size_t huffman_octets(std::string_view text, Letters letters) {
    const std::array<Code, 256>& codes = codes_for(letters);
    std::size_t bits = 0;
    for (const char c : text) bits += codes[http::octet(c)].bits;
    return (bits + 7) / 8;
}

char* encode_huffman(std::string_view text, char* to, Letters letters) {
    const std::array<Code, 256>& codes = codes_for(letters);
    std::uint64_t bits = 0;  // right-aligned
    unsigned held = 0;       // less than 32 between two codes, so that a code of 30 bits fits
    for (const char c : text) {
        const Code code = codes[http::octet(c)];
        bits = bits << code.bits | code.code;
        held += code.bits;
        if (held < 32) continue;
        held -= 32;
        store_big(std::span(to, 4), static_cast<std::uint32_t>(bits >> held));
        to += 4;
    }
    const unsigned padding = (8 - held % 8) % 8;
    bits = bits << padding | ((1U << padding) - 1);
    for (held += padding; held > 0; held -= 8) *to++ = static_cast<char>(bits >> (held - 8));
    return to;
}

Result<std::size_t> decode_huffman(std::string_view coded, std::span<char> room) {
    Bits bits(coded);
    std::size_t octets = 0;
    for (;;) {
        bits.fill();
        do {
            // At the end fewer bits are held than the step takes, whatever follows them in the window: no code is the
            // beginning of another.
            const Step step = next_step(bits.window);
            if (step.bits > bits.held) {
                if (!is_padding(bits)) return fail("a Huffman-coded string ends in bits that are not its padding");
                return octets;
            }
            if (step.symbol == end_of_string) return fail("a Huffman-coded string contains EOS");
            if (octets < room.size()) room[octets] = static_cast<char>(step.symbol);
            ++octets;
            bits.drop(step.bits);
        } while (bits.held >= code_bits_max);
    }
}

}  // namespace portico::hpack
