// portico/route/sip_hash.h — a hash that can't be predicted without its key (SipHash, Aumasson and Bernstein 2012).
//
// Room route: see handler.h.
// Threads:   none; a pure function.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace portico::route {

// Chosen at random once: an attacker who knew the key could send thousands of paths that collide in a table.
using HashKey = std::array<std::uint64_t, 2>;

namespace sip {

struct State {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    template <int rounds>
    void take(std::uint64_t word) {
        v3 ^= word;
        for (int i = 0; i < rounds; ++i) round();
        v0 ^= word;
    }
};

inline std::uint64_t load(const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

}  // namespace sip

// SipHash-c-d. 1-3 is for tables, 2-4 for values that must not be forged.
template <int c, int d>
std::uint64_t sip_hash(const HashKey& key, std::string_view octets) {
    sip::State state{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
                     key[1] ^ 0x7465646279746573U};
    const char* from = octets.data();
    std::size_t left = octets.size();
    for (; left >= 8; from += 8, left -= 8) state.take<c>(sip::load(from));
    std::array<char, 8> rest{};
    if (left != 0) std::memcpy(rest.data(), from, left);
    rest[7] = static_cast<char>(octets.size() & 0xff);
    state.take<c>(sip::load(rest.data()));
    state.v2 ^= 0xff;
    for (int i = 0; i < d; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

// For tables whose keys a peer chooses.
struct KeyedHash {
    HashKey key;
    std::size_t operator()(std::string_view octets) const { return sip_hash<1, 3>(key, octets); }
};

}  // namespace portico::route
