// portico/http/range.cc — see range.h.
#include "portico/http/range.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>

#include "portico/base/quantity.h"
#include "portico/http/hex.h"

namespace portico::http {
namespace {

// A number of any length. A number too large for 64 bits is beyond every representation's end, like UINT64_MAX (RFC
// 9110 §14.1.2: "prevent parsing errors due to integer conversion overflows").
std::optional<std::uint64_t> parse_position(std::string_view digits) {
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    if (digits.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        value = value > (largest - digit) / 10 ? largest : value * 10 + digit;
    }
    return value;
}

// One range-spec as requested. `last` counts from the end if `suffix` is set.
struct RangeSpec {
    bool suffix = false;
    std::uint64_t first = 0;
    std::uint64_t last = 0;  // for a suffix: its length
};

// RFC 9110 §14.1.1
std::optional<RangeSpec> parse_range_spec(std::string_view text) {
    const std::size_t hyphen = text.find('-');
    if (hyphen == std::string_view::npos) return std::nullopt;
    const std::string_view before = text.substr(0, hyphen);
    const std::string_view behind = text.substr(hyphen + 1);
    const auto last =
        behind.empty() && !before.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(behind);
    if (!last) return std::nullopt;
    if (before.empty()) return RangeSpec{true, 0, *last};
    const auto first = parse_position(before);
    if (!first || *first > *last) return std::nullopt;
    return RangeSpec{false, *first, *last};
}

// The octets that a range-spec selects; nothing if it is not satisfiable (RFC 9110 §14.1.2).
std::optional<ByteRange> resolve(const RangeSpec& spec, std::uint64_t octets) {
    if (spec.suffix) {
        const std::uint64_t length = std::min(spec.last, octets);
        if (length == 0) return std::nullopt;
        return ByteRange{octets - length, length};
    }
    if (spec.first >= octets) return std::nullopt;
    return ByteRange{spec.first, std::min(spec.last, octets - 1) - spec.first + 1};
}

bool overlap(ByteRange a, ByteRange b) { return a.first < b.first + b.length && b.first < a.first + a.length; }

// Whether several ranges cost more than the whole representation, or look like an attempt to do so (§17.15).
bool too_costly(std::span<const ByteRange> ranges, std::uint64_t octets) {
    std::uint64_t sum = 0;
    std::size_t overlaps = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (ranges[i].length > octets - sum) return true;
        sum += ranges[i].length;
        for (std::size_t k = 0; k < i; ++k) overlaps += overlap(ranges[k], ranges[i]) ? 1 : 0;
    }
    return overlaps > 2;
}

}  // namespace

void Selection::add(ByteRange range) {
    assert(count_ < parts_max);
    kind_ = Kind::parts;
    parts_[count_++] = range;
}

Selection select_ranges(std::string_view field_value, std::uint64_t representation_octets) {
    const Selection whole(Selection::Kind::whole);
    const std::size_t equals = field_value.find('=');
    if (representation_octets == 0 || equals == std::string_view::npos) return whole;
    if (!equals_ignoring_case(field_value.substr(0, equals), "bytes")) return whole;

    Selection selection(Selection::Kind::unsatisfiable);
    std::string_view range_set = field_value.substr(equals + 1);
    std::size_t specs = 0;
    for (auto element = next_element(range_set); element; element = next_element(range_set)) {
        const auto spec = parse_range_spec(*element);
        if (!spec || ++specs > Selection::parts_max) return whole;
        if (const auto range = resolve(*spec, representation_octets)) selection.add(*range);
    }
    if (specs == 0 || too_costly(selection.parts(), representation_octets)) return whole;
    return selection;
}

Selection select_ranges(const FieldSection& request, Method method, const Validators& validators,
                        std::uint64_t representation_octets, std::chrono::sys_seconds now) {
    const bool asked = method == Method::get && request.count(FieldName::range) == 1;
    if (!asked || !if_range_holds(request, validators, now)) return Selection(Selection::Kind::whole);
    return select_ranges(*request.find(FieldName::range), representation_octets);
}

std::string content_range(ByteRange range, std::uint64_t representation_octets) {
    assert(range.length > 0);
    return "bytes " + std::to_string(range.first) + '-' + std::to_string(range.first + range.length - 1) + '/' +
           std::to_string(representation_octets);
}

std::string unsatisfied_range(std::uint64_t representation_octets) {
    return "bytes */" + std::to_string(representation_octets);
}

std::optional<SentRange> parse_sent_range(std::string_view field_value) {
    constexpr std::string_view unit = "bytes ";
    if (!equals_ignoring_case(field_value.substr(0, unit.size()), unit)) return std::nullopt;
    field_value.remove_prefix(unit.size());
    const std::size_t slash = field_value.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view part = field_value.substr(0, slash);
    const auto whole = parse_count(field_value.substr(slash + 1));
    if (!whole) return std::nullopt;
    if (part == "*") return SentRange{{}, *whole};
    const std::size_t dash = part.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = parse_count(part.substr(0, dash));
    const auto last = parse_count(part.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= *whole) return std::nullopt;
    return SentRange{{*first, *last - *first + 1}, *whole};
}

Multipart::Multipart(std::uint64_t random, std::string_view part_type, std::uint64_t representation_octets)
    : boundary_("portico-"), part_type_(part_type), representation_octets_(representation_octets) {
    for (int shift = 60; shift >= 0; shift -= 4) boundary_.push_back(hex_digits_lower[random >> shift & 15]);
}

std::string Multipart::content_type() const { return "multipart/byteranges; boundary=" + boundary_; }

std::string Multipart::head(ByteRange range, Place place) const {
    std::string text(place == Place::first ? "--" : "\r\n--");
    text.append(boundary_).append("\r\n");
    if (!part_type_.empty()) text.append("Content-Type: ").append(part_type_).append("\r\n");
    text.append("Content-Range: ").append(http::content_range(range, representation_octets_)).append("\r\n\r\n");
    return text;
}

std::string Multipart::end() const { return "\r\n--" + boundary_ + "--\r\n"; }

}  // namespace portico::http
