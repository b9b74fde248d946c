// portico/base/byte_order.h — integers as octets, most or least significant octet first.
//
// Room base: see fd.h.
// Threads:   none. Functions of their arguments; usable at compile time.
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

namespace portico {

// The types that can stand for an octet of memory.
template <class T>
concept OctetType = std::same_as<std::remove_cv_t<T>, std::byte> || (std::integral<T> && sizeof(T) == 1);

// The integer in the first sizeof(T) octets, which must exist (asserted). The most significant octet comes first, as in
// Internet protocols. Compilers turn this into one load, with a byte swap if necessary.
template <std::integral T, OctetType Octet, std::size_t extent>
[[nodiscard]] constexpr T load_big(std::span<Octet, extent> octets) {
    assert(octets.size() >= sizeof(T));
    std::make_unsigned_t<T> value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const auto octet = static_cast<std::make_unsigned_t<T>>(static_cast<unsigned char>(octets[i]));
        value = static_cast<std::make_unsigned_t<T>>(value | octet << (8 * (sizeof(T) - 1 - i)));
    }
    return static_cast<T>(value);
}

// The same with the least significant octet first.
template <std::integral T, OctetType Octet, std::size_t extent>
[[nodiscard]] constexpr T load_little(std::span<Octet, extent> octets) {
    assert(octets.size() >= sizeof(T));
    std::make_unsigned_t<T> value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const auto octet = static_cast<std::make_unsigned_t<T>>(static_cast<unsigned char>(octets[i]));
        value = static_cast<std::make_unsigned_t<T>>(value | octet << (8 * i));
    }
    return static_cast<T>(value);
}

// Writes `value` into the first sizeof(T) octets, which must exist (asserted), the most significant octet first.
template <std::integral T, OctetType Octet, std::size_t extent>
    requires(!std::is_const_v<Octet>)
constexpr void store_big(std::span<Octet, extent> octets, T value) {
    assert(octets.size() >= sizeof(T));
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        octets[i] = static_cast<Octet>(static_cast<unsigned char>(bits >> (8 * (sizeof(T) - 1 - i))));
    }
}

// The same with the least significant octet first.
template <std::integral T, OctetType Octet, std::size_t extent>
    requires(!std::is_const_v<Octet>)
constexpr void store_little(std::span<Octet, extent> octets, T value) {
    assert(octets.size() >= sizeof(T));
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        octets[i] = static_cast<Octet>(static_cast<unsigned char>(bits >> (8 * i)));
    }
}

}  // namespace portico
