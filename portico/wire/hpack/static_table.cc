// portico/wire/hpack/static_table.cc — see static_table.h.
#include "portico/wire/hpack/static_table.h"

#include <array>
#include <cassert>
#include <cstdint>

namespace portico::hpack {
namespace {

using http::FieldName;

// Entry 1 is the first.
constexpr std::array<StaticEntry, static_index_max> entries = {{
    {FieldName::other, ":authority", ""},
    {FieldName::other, ":method", "GET"},
    {FieldName::other, ":method", "POST"},
    {FieldName::other, ":path", "/"},
    {FieldName::other, ":path", "/index.html"},
    {FieldName::other, ":scheme", "http"},
    {FieldName::other, ":scheme", "https"},
    {FieldName::other, ":status", "200"},
    {FieldName::other, ":status", "204"},
    {FieldName::other, ":status", "206"},
    {FieldName::other, ":status", "304"},
    {FieldName::other, ":status", "400"},
    {FieldName::other, ":status", "404"},
    {FieldName::other, ":status", "500"},
    {FieldName::other, "accept-charset", ""},
    {FieldName::accept_encoding, "accept-encoding", "gzip, deflate"},
    {FieldName::other, "accept-language", ""},
    {FieldName::accept_ranges, "accept-ranges", ""},
    {FieldName::accept, "accept", ""},
    {FieldName::access_control_allow_origin, "access-control-allow-origin", ""},
    {FieldName::age, "age", ""},
    {FieldName::allow, "allow", ""},
    {FieldName::authorization, "authorization", ""},
    {FieldName::cache_control, "cache-control", ""},
    {FieldName::content_disposition, "content-disposition", ""},
    {FieldName::content_encoding, "content-encoding", ""},
    {FieldName::content_language, "content-language", ""},
    {FieldName::content_length, "content-length", ""},
    {FieldName::content_location, "content-location", ""},
    {FieldName::content_range, "content-range", ""},
    {FieldName::content_type, "content-type", ""},
    {FieldName::cookie, "cookie", ""},
    {FieldName::date, "date", ""},
    {FieldName::etag, "etag", ""},
    {FieldName::expect, "expect", ""},
    {FieldName::expires, "expires", ""},
    {FieldName::other, "from", ""},
    {FieldName::host, "host", ""},
    {FieldName::if_match, "if-match", ""},
    {FieldName::if_modified_since, "if-modified-since", ""},
    {FieldName::if_none_match, "if-none-match", ""},
    {FieldName::if_range, "if-range", ""},
    {FieldName::if_unmodified_since, "if-unmodified-since", ""},
    {FieldName::last_modified, "last-modified", ""},
    {FieldName::link, "link", ""},
    {FieldName::location, "location", ""},
    {FieldName::max_forwards, "max-forwards", ""},
    {FieldName::proxy_authenticate, "proxy-authenticate", ""},
    {FieldName::proxy_authorization, "proxy-authorization", ""},
    {FieldName::range, "range", ""},
    {FieldName::referer, "referer", ""},
    {FieldName::other, "refresh", ""},
    {FieldName::retry_after, "retry-after", ""},
    {FieldName::server, "server", ""},
    {FieldName::set_cookie, "set-cookie", ""},
    {FieldName::strict_transport_security, "strict-transport-security", ""},
    {FieldName::transfer_encoding, "transfer-encoding", ""},
    {FieldName::user_agent, "user-agent", ""},
    {FieldName::vary, "vary", ""},
    {FieldName::via, "via", ""},
    {FieldName::www_authenticate, "www-authenticate", ""},
}};

// The index of the first entry of each known name, 0 if there is none.
consteval std::array<std::uint8_t, http::field_name_count> make_first_of_known() {
    std::array<std::uint8_t, http::field_name_count> first{};
    for (std::size_t index = static_index_max; index > 0; --index) {
        const FieldName known = entries[index - 1].known;
        if (known != FieldName::other) first[static_cast<std::size_t>(known)] = static_cast<std::uint8_t>(index);
    }
    return first;
}
constexpr auto first_of_known = make_first_of_known();

// The entries that first_of_known cannot find: the first of each name that is `other`.
constexpr bool is_first_of_other(std::size_t index) {
    const StaticEntry& entry = entries[index - 1];
    return entry.known == FieldName::other && (index == 1 || entries[index - 2].name != entry.name);
}
consteval std::size_t count_firsts_of_other() {
    std::size_t count = 0;
    for (std::size_t index = 1; index <= static_index_max; ++index) count += is_first_of_other(index) ? 1 : 0;
    return count;
}
consteval std::array<std::uint8_t, count_firsts_of_other()> make_firsts_of_other() {
    std::array<std::uint8_t, count_firsts_of_other()> firsts{};
    std::size_t count = 0;
    for (std::size_t index = 1; index <= static_index_max; ++index) {
        if (is_first_of_other(index)) firsts[count++] = static_cast<std::uint8_t>(index);
    }
    return firsts;
}
constexpr auto firsts_of_other = make_firsts_of_other();

// Names that http knows are in the table once only, so that one comparison decides.
consteval bool is_each_known_once() {
    for (std::size_t index = 1; index <= static_index_max; ++index) {
        const FieldName known = entries[index - 1].known;
        if (known != FieldName::other && first_of_known[static_cast<std::size_t>(known)] != index) return false;
    }
    return true;
}
static_assert(is_each_known_once());

std::size_t first_of_other(std::string_view name) {
    for (const std::uint8_t index : firsts_of_other) {
        if (http::equals_ignoring_case(entries[index - 1U].name, name)) return index;
    }
    return 0;
}

}  // namespace

const StaticEntry& static_entry(std::size_t index) {
    assert(index >= 1 && index <= static_index_max);
    return entries[index - 1];
}

Match find_static(FieldName known, std::string_view name, std::string_view value) {
    const bool is_known = known != FieldName::other;
    const std::size_t first = is_known ? first_of_known[static_cast<std::size_t>(known)] : first_of_other(name);
    if (first == 0) return Match{};
    if (is_known) return Match{.index = first, .is_whole = entries[first - 1].value == value};
    // The entries with one name are consecutive.
    for (std::size_t i = first; i <= static_index_max && entries[i - 1].name == entries[first - 1].name; ++i) {
        if (entries[i - 1].value == value) return Match{.index = i, .is_whole = true};
    }
    return Match{.index = first, .is_whole = false};
}

}  // namespace portico::hpack
