// portico/http/negotiate.h — which representation a request prefers (RFC 9110 §12.5).
//
// Room http: see status.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "portico/http/fields.h"

namespace portico::http {

// Content codings (RFC 9110 §8.4.1, RFC 8878, RFC 7932), in the order in which we prefer to send them, the best last.
enum class Coding : std::uint8_t {
    identity,  // none: the octets unchanged
    gzip,      // RFC 1952
    zstd,      // RFC 8878
    br,        // Brotli, RFC 7932
};
inline constexpr std::size_t coding_count = 4;  // including identity

// The spelling in Content-Encoding: "gzip". "identity" is never sent, so it has no spelling here.
std::string_view spelling(Coding coding);

// The codings in which a representation is available. Identity is always among them.
class CodingSet {
public:
    constexpr CodingSet() = default;
    // Adds a coding in which there is a representation.
    constexpr void add(Coding coding) { bits_ = static_cast<std::uint8_t>(bits_ | bit(coding)); }
    // Whether there is a representation in this coding.
    [[nodiscard]] constexpr bool has(Coding coding) const { return (bits_ & bit(coding)) != 0; }
    // Whether there is only identity, so that there is no choice.
    [[nodiscard]] constexpr bool identity_only() const { return bits_ == bit(Coding::identity); }

private:
    static constexpr std::uint8_t bit(Coding coding) {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(coding));
    }
    std::uint8_t bits_ = bit(Coding::identity);
};

// Returns the available coding with the greatest weight in Accept-Encoding (RFC 9110 §12.5.3), and of several such the
// one that we prefer. Without the field it is identity: the RFC would allow any coding, but most clients that don't
// send the field can't decode. If the field doesn't name identity, identity weighs less than any coding that the field
// names.
//
// Returns nothing if identity is excluded and no other coding is both available and acceptable: then 406 and
// disregarding the field are both allowed (§12.1). An element with a malformed weight is skipped; of repeated elements,
// the first applies.
[[nodiscard]] std::optional<Coding> choose_coding(const FieldSection& request, CodingSet available);

// Returns the offered media type, each "type/subtype" in lower case, with the greatest weight in Accept (RFC 9110
// §12.5.1), and of several such the first. Without Accept it is also the first. Returns nothing if none is acceptable.
// A media range with a parameter other than charset=utf-8 matches no type.
[[nodiscard]] std::optional<std::size_t> choose_media_type(const FieldSection& request,
                                                           std::span<const std::string_view> offered);

}  // namespace portico::http
