// portico/http/range.h — byte ranges of a representation (RFC 9110 §14).
//
// Room http: see status.h.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "portico/http/fields.h"
#include "portico/http/message.h"
#include "portico/http/preconditions.h"

namespace portico::http {

// Part of a representation, in octets. Never empty, and never beyond the representation's end.
struct ByteRange {
    std::uint64_t first = 0;   // the offset of its first octet
    std::uint64_t length = 0;  // octets
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// The result of evaluating a request's Range.
class Selection {
public:
    // What to answer.
    enum class Kind : std::uint8_t {
        whole,          // answer 200 with everything
        parts,          // answer 206 with parts(): one alone, several as multipart/byteranges
        unsatisfiable,  // answer 416 with unsatisfied_range()
    };
    static constexpr std::size_t parts_max = 16;  // a Range with more parts is ignored

    // Creates a selection without parts: see add().
    explicit Selection(Kind kind) : kind_(kind) {}

    // Which answer the selection leads to.
    [[nodiscard]] Kind kind() const { return kind_; }
    // In the order of the request. Empty unless kind() is `parts`.
    [[nodiscard]] std::span<const ByteRange> parts() const { return std::span(parts_).first(count_); }

    // Changes the kind to `parts`. May be called at most parts_max times (asserted).
    void add(ByteRange range);

private:
    Kind kind_;
    std::uint8_t count_ = 0;
    std::array<ByteRange, parts_max> parts_;
};

// Reads the value of Range and applies it to a representation with this many octets. An invalid range of bytes is
// ignored, as RFC 9110 §14.2 allows, and the selection is whole. It is also whole if the ranges would cost more than
// they save, or were sent to do harm (§17.15): if there are more than parts_max of them, if more than two pairs
// overlap, or if together they have more octets than the representation. Ranges beyond the end are left out, and an
// empty representation's Range is ignored.
[[nodiscard]] Selection select_ranges(std::string_view field_value, std::uint64_t representation_octets);

// The same for a request. The selection is whole without Range, for a method other than GET (RFC 9110 §14.2), if Range
// is repeated, and if If-Range is false. Call it only after evaluate_preconditions() has returned `proceed`.
[[nodiscard]] Selection select_ranges(const FieldSection& request, Method method, const Validators& validators,
                                      std::uint64_t representation_octets, std::chrono::sys_seconds now);

// The Content-Range of a part: "bytes 0-9/100" (RFC 9110 §14.4).
[[nodiscard]] std::string content_range(ByteRange range, std::uint64_t representation_octets);
// The Content-Range of a 416: "bytes */100" (RFC 9110 §15.5.17).
[[nodiscard]] std::string unsatisfied_range(std::uint64_t representation_octets);

// The Content-Range of a request that sends a part of a new representation (RFC 9110 §14.5).
struct SentRange {
    ByteRange range;                 // empty: "bytes */100", which asks how much has arrived
    std::uint64_t whole_octets = 0;  // of the representation
    friend bool operator==(const SentRange&, const SentRange&) = default;
};
// Reads it. Nothing: it is not "bytes FIRST-LAST/WHOLE" or "bytes */WHOLE", or the part is not within the whole.
[[nodiscard]] std::optional<SentRange> parse_sent_range(std::string_view field_value);

// Writes the octets between the parts of a multipart/byteranges content (RFC 9110 §14.6, RFC 2046 §5.1.1):
//   head(parts[0], first) part 0 head(parts[1], later) part 1 … end()
class Multipart {
public:
    // Whether a part is the first one.
    enum class Place : std::uint8_t { first, later };

    // `random` determines the boundary. It must be new for each response, so that content contains the boundary only by
    // chance. The media type, which may be empty, outlives this object.
    Multipart(std::uint64_t random, std::string_view part_type, std::uint64_t representation_octets);

    // The response's Content-Type.
    [[nodiscard]] std::string content_type() const;
    // The octets before a part. For a later part, they begin with the line break that ends the part before it.
    [[nodiscard]] std::string head(ByteRange range, Place place) const;
    // The octets after the last part.
    [[nodiscard]] std::string end() const;

private:
    std::string boundary_;
    std::string_view part_type_;
    std::uint64_t representation_octets_;
};

}  // namespace portico::http
