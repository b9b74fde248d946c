// portico/http/etag.h — entity tags (RFC 9110 §8.8.3).
//
// Room http: see status.h.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace portico::http {

// The strong entity tag of a representation, with numbers in hexadecimal. If the content has been hashed, the tag is
// `"<size>-<hash>"`, which is the same on every replica; otherwise it is `"<size>-<modified>-<changed>"`, with the
// file's times in nanoseconds, which is specific to this machine. An encoded variant has a suffix, "-br", because it is
// another representation with other octets (RFC 9110 §8.8.3.3).
class Etag {
public:
    // Since 1970-01-01 UTC.
    using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;
    static constexpr std::size_t suffix_octets_max = 12;  // the suffix of a variant, with the "-" before it

    // `variant` is visible ASCII without a quotation mark, at most suffix_octets_max - 1 octets; empty for the
    // unencoded file. Asserted.
    Etag(std::uint64_t size, std::uint64_t content_hash, std::string_view variant = {});
    Etag(std::uint64_t size, FileTime modified, FileTime changed, std::string_view variant = {});

    // The tag as it is sent, including the quotation marks. The view is valid until this object is moved or destroyed.
    [[nodiscard]] std::string_view view() const { return {text_.data(), octets_}; }

private:
    void write(std::initializer_list<std::uint64_t> numbers, std::string_view variant);

    // At most three numbers of 16 digits, two separators, two quotation marks, the suffix.
    std::array<char, 3 * 16 + 2 + 2 + suffix_octets_max> text_;
    std::uint8_t octets_ = 0;
};

// A received entity tag.
struct EntityTag {
    bool weak = false;        // it began with "W/": an equivalent representation, perhaps with other octets
    std::string_view opaque;  // with its quotation marks; a view of what was parsed
};

// Reads a field value that is one entity tag and nothing else. A backslash in it has no special meaning.
[[nodiscard]] std::optional<EntityTag> parse_entity_tag(std::string_view field_value);

// Returns the next well-formed entity tag of a list (RFC 9110 §13.1.1, §13.1.2), and skips other elements. Removes what
// it read from the front of `list`. Returns nothing at the end.
std::optional<EntityTag> next_entity_tag(std::string_view& list);

// Whether the tags are equal and neither is weak, so that both stand for the same octets (RFC 9110 §8.8.3.2).
[[nodiscard]] bool match_strongly(const EntityTag& a, const EntityTag& b);
// Whether the tags are equal, weak or not, so that both stand for equivalent representations (RFC 9110 §8.8.3.2).
[[nodiscard]] bool match_weakly(const EntityTag& a, const EntityTag& b);

}  // namespace portico::http
