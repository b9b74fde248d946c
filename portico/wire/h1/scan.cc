// portico/wire/h1/scan.cc — see scan.h.
#include "portico/wire/h1/scan.h"

#include <array>
#include <cstring>

#include "portico/wire/h1/octets.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace portico::h1 {
namespace {

BlockStops classify_scalar(const char* block) {
    BlockStops stops;
    for (std::size_t i = 0; i < block_octets; ++i) {
        const char c = block[i];
        stops.not_token |= static_cast<std::uint64_t>(!is(token_octet, c)) << i;
        stops.not_path |= static_cast<std::uint64_t>(!is(path_octet, c)) << i;
        stops.control |= static_cast<std::uint64_t>(is(control_octet, c)) << i;
    }
    return stops;
}

#if defined(__x86_64__)

// A class of ASCII octets as sixteen rows, one for each low nibble; bit h of a row is set if the octet with high nibble
// h is in the class. So two table lookups with PSHUFB, one for each nibble, and an AND show for each octet whether it
// is in the class. Octets from 0x80 are in no class: PSHUFB gives 0 if an index has its highest bit set.
using NibbleRows = std::array<std::uint8_t, 16>;

consteval NibbleRows rows_of(OctetClass octet_class) {
    NibbleRows rows{};
    for (unsigned c = 0; c < 0x80; ++c) {
        if (is(octet_class, static_cast<char>(c))) rows[c & 15] |= static_cast<std::uint8_t>(1U << (c >> 4));
    }
    return rows;
}
alignas(16) constexpr NibbleRows token_rows = rows_of(token_octet);
alignas(16) constexpr NibbleRows path_rows = rows_of(path_octet);
alignas(16) constexpr NibbleRows control_rows = rows_of(control_octet);
alignas(16) constexpr NibbleRows high_nibble_bits = {1, 2, 4, 8, 16, 32, 64, 128};

[[gnu::target("sse4.2"), gnu::always_inline]] inline __m128i load16(const NibbleRows& rows) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(rows.data()));
}

// Which of sixteen octets are outside the class.
[[gnu::target("sse4.2"), gnu::always_inline]] inline std::uint64_t outside16(__m128i octets, __m128i high_bits,
                                                                             const NibbleRows& rows) {
    const __m128i inside = _mm_and_si128(_mm_shuffle_epi8(load16(rows), octets), high_bits);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(inside, _mm_setzero_si128())));
}

[[gnu::target("sse4.2")]] BlockStops classify_sse42(const char* block) {
    BlockStops stops;
    for (unsigned at = 0; at < block_octets; at += 16) {
        const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at));
        const __m128i high = _mm_and_si128(_mm_srli_epi16(octets, 4), _mm_set1_epi8(15));
        const __m128i high_bits = _mm_shuffle_epi8(load16(high_nibble_bits), high);
        stops.not_token |= outside16(octets, high_bits, token_rows) << at;
        stops.not_path |= outside16(octets, high_bits, path_rows) << at;
        stops.control |= outside16(octets, high_bits, control_rows) << at;
    }
    stops.control = ~stops.control;
    return stops;
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load32(const NibbleRows& rows) {
    return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(rows.data())));
}

[[gnu::target("avx2"), gnu::always_inline]] inline std::uint64_t outside32(__m256i octets, __m256i high_bits,
                                                                           const NibbleRows& rows) {
    const __m256i inside = _mm256_and_si256(_mm256_shuffle_epi8(load32(rows), octets), high_bits);
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(inside, _mm256_setzero_si256())));
}

[[gnu::target("avx2")]] BlockStops classify_avx2(const char* block) {
    BlockStops stops;
    for (unsigned at = 0; at < block_octets; at += 32) {
        const __m256i octets = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + at));
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(octets, 4), _mm256_set1_epi8(15));
        const __m256i high_bits = _mm256_shuffle_epi8(load32(high_nibble_bits), high);
        stops.not_token |= outside32(octets, high_bits, token_rows) << at;
        stops.not_path |= outside32(octets, high_bits, path_rows) << at;
        stops.control |= outside32(octets, high_bits, control_rows) << at;
    }
    stops.control = ~stops.control;
    return stops;
}

#endif

constexpr Classifier all_classifiers[] = {
    {"scalar", classify_scalar},
#if defined(__x86_64__)
    {"sse4.2", classify_sse42},
    {"avx2", classify_avx2},
#endif
};

std::size_t count_runnable() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2")) return 1;
    if (!__builtin_cpu_supports("avx2")) return 2;
#endif
    return std::size(all_classifiers);
}

}  // namespace

std::span<const Classifier> classifiers() { return std::span(all_classifiers).first(count_runnable()); }

const Classify classify_block = classifiers().back().classify;

void Scanner::load_last(std::size_t block) {
    const std::size_t rest = text_.size() - block;
    if (text_.size() >= block_octets) {
        // The last block, read so that it ends where the text does, then moved to its place. The octet after the text
        // is a stop of every kind.
        const BlockStops last = classify_block(text_.data() + text_.size() - block_octets);
        const std::uint64_t end = std::uint64_t{1} << rest;
        const std::size_t before = block_octets - rest;
        stops_ = {last.not_token >> before | end, last.not_path >> before | end, last.control >> before | end};
        return;
    }
    std::array<char, block_octets> padded{};  // with NUL, which is a stop of every kind
    std::memcpy(padded.data(), text_.data() + block, rest);
    stops_ = classify_block(padded.data());
}

std::size_t Scanner::count_controls() {
    std::size_t controls = 0;
    for (std::size_t block = 0; block < text_.size(); block += block_octets) {
        load(block);
        const std::size_t rest = text_.size() - block;
        const std::uint64_t of_text = rest < block_octets ? (std::uint64_t{1} << rest) - 1 : ~std::uint64_t{0};
        // There are few, and the oldest machines that we build for have no instruction to count bits.
        for (std::uint64_t left = stops_.control & of_text; left != 0; left &= left - 1) ++controls;
    }
    return controls;
}

}  // namespace portico::h1
