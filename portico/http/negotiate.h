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

// Content codings (RFC 9110 §8.4.1, RFC 8878, RFC 7932), in the order in which we like to send them, the best last.
enum class Coding : std::uint8_t {
    identity,  // none: the octets as they are
    gzip,      // RFC 1952
    zstd,      // RFC 8878
    br,        // Brotli, RFC 7932
};
inline constexpr std::size_t coding_count = 4;  // identity among them

// As in Content-Encoding: "gzip". "identity" is never sent, so it has no spelling here.
std::string_view spelling(Coding coding);

// Which codings of a representation there are. Identity is always among them.
class CodingSet {
public:
    constexpr CodingSet() = default;
    // There is a representation in this coding.
    constexpr void add(Coding coding) { bits_ = static_cast<std::uint8_t>(bits_ | bit(coding)); }
    // Whether there is one.
    [[nodiscard]] constexpr bool has(Coding coding) const { return (bits_ & bit(coding)) != 0; }
    // Whether there is nothing to choose from.
    [[nodiscard]] constexpr bool identity_only() const { return bits_ == bit(Coding::identity); }

private:
    static constexpr std::uint8_t bit(Coding coding) {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(coding));
    }
    std::uint8_t bits_ = bit(Coding::identity);
};

// The available coding that Accept-Encoding gives the greatest weight (RFC 9110 §12.5.3), of several such the one that
// we like best. Without the field it is identity: the RFC would allow any coding, but most clients that don't send the
// field can't decode. Identity, if the field doesn't name it, weighs less than any coding that the field names.
//
// Nothing is returned when identity is excluded and nothing else is available and acceptable: 406 and disregarding the
// field are both allowed then (§12.1). An element with a malformed weight is passed over; of one that is
// repeated, the first counts.
[[nodiscard]] std::optional<Coding> choose_coding(const FieldSection& request, CodingSet available);

// Which of the offered media types, each "type/subtype" in lower case, Accept gives the greatest weight
// (RFC 9110 §12.5.1); of several such the first. The first also without Accept. Nothing is returned when none is
// acceptable. A media range with a parameter other than charset=utf-8 applies to none.
[[nodiscard]] std::optional<std::size_t> choose_media_type(const FieldSection& request,
                                                           std::span<const std::string_view> offered);

}  // namespace portico::http
