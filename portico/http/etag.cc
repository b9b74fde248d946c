// portico/http/etag.cc — see etag.h.
#include "portico/http/etag.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "portico/http/fields.h"

namespace portico::http {
namespace {

// RFC 9110 §8.8.3
bool is_etagc(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == 0x21 || (octet >= 0x23 && octet != 0x7f);
}

// How many octets the entity tag at the front of `text` has; 0 if there is none.
std::size_t tag_octets(std::string_view text) {
    const std::size_t mark = text.starts_with("W/") ? 2 : 0;  // case-sensitive
    if (text.size() <= mark || text[mark] != '"') return 0;
    const auto* const opaque = text.begin() + mark + 1;
    const auto* const end = std::find_if_not(opaque, text.end(), is_etagc);
    if (end == text.end() || *end != '"') return 0;
    return static_cast<std::size_t>(end - text.begin()) + 1;
}

EntityTag entity_tag(std::string_view text) {
    const bool weak = text.front() == 'W';
    return {weak, weak ? text.substr(2) : text};
}

bool separates(char c) { return c == ' ' || c == '\t' || c == ','; }

}  // namespace

Etag::Etag(std::uint64_t size, std::uint64_t content_hash, std::string_view variant) {
    write({size, content_hash}, variant);
}

Etag::Etag(std::uint64_t size, FileTime modified, FileTime changed, std::string_view variant) {
    const auto number = [](FileTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); };
    write({size, number(modified), number(changed)}, variant);
}

void Etag::write(std::initializer_list<std::uint64_t> numbers, std::string_view variant) {
    assert(variant.size() < suffix_octets_max);
    char* to = text_.data();
    char* const end = to + text_.size();
    char separator = '"';
    for (const std::uint64_t number : numbers) {
        *to++ = separator;
        to = std::to_chars(to, end, number, 16).ptr;
        separator = '-';
    }
    if (!variant.empty()) {
        assert(std::all_of(variant.begin(), variant.end(), is_etagc));
        *to++ = '-';
        to = std::copy(variant.begin(), variant.end(), to);
    }
    *to++ = '"';
    octets_ = static_cast<std::uint8_t>(to - text_.data());
}

std::optional<EntityTag> parse_entity_tag(std::string_view field_value) {
    const std::size_t octets = tag_octets(field_value);
    if (octets == 0 || octets != field_value.size()) return std::nullopt;
    return entity_tag(field_value);
}

std::optional<EntityTag> next_entity_tag(std::string_view& list) {
    while (!list.empty()) {
        if (separates(list.front())) {
            list.remove_prefix(1);
            continue;
        }
        // next_element() does not work here: a comma may be part of a tag, and a backslash before the quotation mark
        // does not escape it.
        const std::size_t octets = tag_octets(list);
        const std::string_view tag = list.substr(0, octets);
        list.remove_prefix(octets);
        const std::string_view behind = list.substr(0, list.find(','));
        list.remove_prefix(behind.size());
        if (octets != 0 && trim(behind).empty()) return entity_tag(tag);
    }
    return std::nullopt;
}

bool match_strongly(const EntityTag& a, const EntityTag& b) { return !a.weak && !b.weak && a.opaque == b.opaque; }

bool match_weakly(const EntityTag& a, const EntityTag& b) { return a.opaque == b.opaque; }

}  // namespace portico::http
