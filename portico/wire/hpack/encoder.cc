// portico/wire/hpack/encoder.cc — see encoder.h.
#include "portico/wire/hpack/encoder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/base/byte_order.h"
#include "portico/http/hex.h"
#include "portico/wire/hpack/huffman.h"
#include "portico/wire/hpack/integer.h"
#include "portico/wire/hpack/patterns.h"

namespace portico::hpack {
namespace {

using http::FieldName;

// What happens to a line that is not in the tables.
enum class Policy : std::uint8_t {
    add,        // into the dynamic table: RFC 7541 §6.2.1
    add_again,  // into it when the name's value comes twice in succession, out of it before
    leave,      // out of it: §6.2.2
    never,      // out of all tables, here and further on: §6.2.3
};

// The size of a block can confirm a guess, so values that are short enough to be guessed stay out of the table (RFC
// 7541 §7.1.3). A longer cookie is taken to be random.
constexpr std::size_t guessable_octets_max = 19;

// The dynamic table is a queue: each line that is added to a full table evicts the oldest one, even if that is used in
// every message. So only fields whose values repeat are added: those that are the same for the whole site, for a type
// of file or for a second. The others belong to one representation, one request or one moment.
constexpr Policy policy_of(FieldName known) {
    switch (known) {
        case FieldName::authorization:
        case FieldName::proxy_authorization:
        case FieldName::set_cookie: return Policy::never;

        case FieldName::content_disposition:  // it names a file
        case FieldName::content_length:
        case FieldName::content_location:
        case FieldName::etag:
        case FieldName::last_modified:
        case FieldName::link: return Policy::add_again;

        case FieldName::age:
        case FieldName::content_range:
        case FieldName::expires:
        case FieldName::forwarded:  // a gateway has many clients
        case FieldName::if_match:
        case FieldName::if_modified_since:
        case FieldName::if_none_match:
        case FieldName::if_range:
        case FieldName::if_unmodified_since:
        case FieldName::location:  // it may have a secret
        case FieldName::max_forwards:
        case FieldName::proxy_authenticate:  // it may have a nonce
        case FieldName::range:
        case FieldName::referer:
        case FieldName::retry_after:
        case FieldName::www_authenticate:
        case FieldName::x_forwarded_for:
        case FieldName::connection:  // HTTP/2 does not have this one and the next four: RFC 9113 §8.2.2
        case FieldName::keep_alive:
        case FieldName::proxy_connection:
        case FieldName::transfer_encoding:
        case FieldName::upgrade: return Policy::leave;

        case FieldName::accept:
        case FieldName::accept_encoding:
        case FieldName::accept_ranges:
        case FieldName::access_control_allow_headers:
        case FieldName::access_control_allow_methods:
        case FieldName::access_control_allow_origin:
        case FieldName::access_control_expose_headers:
        case FieldName::access_control_max_age:
        case FieldName::access_control_request_headers:
        case FieldName::access_control_request_method:
        case FieldName::allow:
        case FieldName::cache_control:
        case FieldName::content_encoding:
        case FieldName::content_language:
        case FieldName::content_security_policy:
        case FieldName::content_type:
        case FieldName::cookie:
        case FieldName::date:
        case FieldName::expect:
        case FieldName::host:
        case FieldName::origin:
        case FieldName::pragma:
        case FieldName::server:
        case FieldName::strict_transport_security:
        case FieldName::te:
        case FieldName::trailer:
        case FieldName::user_agent:
        case FieldName::vary:
        case FieldName::via:
        case FieldName::x_content_type_options:
        case FieldName::other: return Policy::add;  // most are set for a whole site
    }
    return Policy::leave;
}

Policy policy_of(FieldName known, std::string_view name, std::string_view value, Indexing indexing) {
    if (indexing == Indexing::never) return Policy::never;
    if (known == FieldName::cookie && value.size() <= guessable_octets_max) return Policy::never;
    if (known == FieldName::other && name == ":path") return Policy::leave;
    return policy_of(known);
}

// A few bits of a value, by which another value is told from it most of the time.
std::uint16_t digest_of(std::string_view value) {
    constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
    std::uint64_t digest = value.size();
    for (; value.size() >= 8; value.remove_prefix(8)) {
        digest = (digest ^ load_little<std::uint64_t>(std::span(value).first<8>())) * multiplier;
        digest ^= digest >> 32;
    }
    for (const char c : value) digest = (digest ^ http::octet(c)) * multiplier;
    return static_cast<std::uint16_t>(digest >> 48);
}

// RFC 7541 §5.2
char* write_string(std::string_view text, char* to, Letters letters) {
    const std::size_t octets = huffman_octets(text, letters);
    if (octets < text.size())
        return encode_huffman(text, write_integer(octets, string_prefix_bits, huffman_string, to), letters);
    to = write_integer(text.size(), string_prefix_bits, 0, to);
    if (letters == Letters::as_they_are) return std::copy(text.begin(), text.end(), to);
    return std::transform(text.begin(), text.end(), to,
                          [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
}

// Removes from `out` what has been written up to `end`.
void drop_written(std::span<char>& out, const char* end) {
    out = out.subspan(static_cast<std::size_t>(end - out.data()));
}

// RFC 7541 §6.1
void write_indexed(std::size_t index, std::span<char>& out) {
    assert(out.size() >= 2);  // of an index below 61 + 128
    drop_written(out, write_integer(index, indexed_prefix_bits, indexed_line, out.data()));
}

}  // namespace

struct Encoder::Line {
    FieldName known;
    std::string_view name;
    std::string_view value;
    Policy policy;
};

void Encoder::set_table_octets_max(std::size_t octets) {
    table_.set_octets_max(std::min(octets, table_octets_max));
    smallest_octets_max_ = std::min(smallest_octets_max_, table_.octets_max());
}

// RFC 7541 §4.2: the smallest size since the last block, so that the peer evicts what we have evicted, and then the
// last.
void Encoder::begin_block(std::span<char>& out) {
    assert(out.size() >= block_beginning_octets_at_most);
    char* end = out.data();
    if (smallest_octets_max_ < signalled_octets_max_) {
        end = write_integer(smallest_octets_max_, update_prefix_bits, size_update, end);
        signalled_octets_max_ = smallest_octets_max_;
    }
    if (table_.octets_max() != signalled_octets_max_) {
        end = write_integer(table_.octets_max(), update_prefix_bits, size_update, end);
        signalled_octets_max_ = table_.octets_max();
    }
    smallest_octets_max_ = table_.octets_max();
    drop_written(out, end);
}

void Encoder::encode_status(http::Status status, std::span<char>& out) {
    const unsigned code = http::code(status);
    assert(code >= 100 && code <= 999);
    const std::array<char, 3> digits = {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                                        static_cast<char>('0' + code % 10)};
    const std::string_view value(digits.data(), digits.size());
    for (std::size_t index = static_status_first; index <= static_status_last; ++index) {
        if (static_entry(index).value == value) return write_indexed(index, out);
    }
    encode_line(Line{FieldName::other, ":status", value, Policy::add}, out);
}

void Encoder::encode(FieldName known, std::string_view value, Indexing indexing, std::span<char>& out) {
    assert(known != FieldName::other);
    if (indexing == Indexing::allowed) {
        // Most lines of most messages are the newest with their names: nothing else has to be looked at. Lines that
        // must not be indexed are not in the table.
        const std::size_t place = place_of(newest_[static_cast<std::size_t>(known)], known);
        if (place != 0 && table_.line(place).value == value) return write_indexed(static_index_max + place, out);
    }
    const std::string_view name = http::spelling(known);
    encode_line(Line{known, name, value, policy_of(known, name, value, indexing)}, out);
}

void Encoder::encode(std::string_view name, std::string_view value, Indexing indexing, std::span<char>& out) {
    const FieldName known = http::recognise(name);
    encode_line(Line{known, name, value, policy_of(known, name, value, indexing)}, out);
}

void Encoder::encode_line(const Line& line, std::span<char>& out) {
    assert(out.size() >= octets_at_most(line.name, line.value));
    const bool may_be_found = line.policy != Policy::never;
    Match found = find_static(line.known, line.name, line.value);
    if (!found.is_whole && (line.policy == Policy::add || line.policy == Policy::add_again)) {
        const Match remembered = find_in_table(line);
        if (remembered.is_whole || found.index == 0) found = remembered;
    }
    if (found.is_whole && may_be_found) return write_indexed(found.index, out);
    const bool is_wanted = line.policy == Policy::add || (line.policy == Policy::add_again && comes_again(line));
    const bool added = is_wanted && line_octets(line.name.size(), line.value.size()) <= table_.octets_max() / 2;
    char* end = out.data();
    if (added) {
        end = write_integer(found.index, added_prefix_bits, added_line, end);
    } else {
        end = write_integer(found.index, literal_prefix_bits, line.policy == Policy::never ? never_line : 0, end);
    }
    if (found.index == 0) end = write_string(line.name, end, Letters::in_lower_case);
    drop_written(out, write_string(line.value, end, Letters::as_they_are));
    if (added) remember(line);
}

// The place of the line that was added with this number, 0 if it has been evicted.
std::size_t Encoder::place_of(std::uint16_t number, FieldName known) const {
    const std::size_t place = static_cast<std::uint16_t>(table_.added() - number) + std::size_t{1};
    // Another line may have the number now, because numbers come again after 2^16 lines.
    return place <= table_.count() && table_.known(place) == known ? place : 0;
}

Match Encoder::find_in_table(const Line& line) const {
    Match match;
    std::size_t place = place_of(newest_[static_cast<std::size_t>(line.known)], line.known);
    while (place != 0) {
        const DynamicTable::Line remembered = table_.line(place);
        if (line.known != FieldName::other || http::equals_ignoring_case(remembered.name, line.name)) {
            match.index = static_index_max + place;
            match.is_whole = remembered.value == line.value;
            if (match.is_whole) return match;
        }
        const std::uint16_t back = table_.note(place);
        place = back != 0 && place + back <= table_.count() ? place + back : 0;
    }
    return match;
}

// Whether the last line with this name had the same value, or one that looks like it.
bool Encoder::comes_again(const Line& line) {
    const std::uint16_t digest = digest_of(line.value);
    return std::exchange(last_[static_cast<std::size_t>(line.known)], digest) == digest;
}

void Encoder::remember(const Line& line) {
    std::uint16_t& newest = newest_[static_cast<std::size_t>(line.known)];
    table_.add(line.known, line.name, line.value);
    const std::size_t older = place_of(newest, line.known);
    if (older > 1) table_.set_note(1, static_cast<std::uint16_t>(older - 1));
    newest = table_.added();
}

}  // namespace portico::hpack
