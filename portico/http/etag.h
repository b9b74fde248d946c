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

// The strong entity tag of a representation, numbers in hexadecimal: `"<size>-<hash>"` if its content has been hashed,
// which is the same on every replica, or `"<size>-<modified>-<changed>"`, the file's times in nanoseconds, which is
// this machine's own. An encoded variant has a suffix, "-br", because it is another representation of other octets (RFC
// 9110 §8.8.3.3).
class Etag {
public:
    // Since 1970-01-01 UTC.
    using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;
    static constexpr std::size_t suffix_octets_max = 12;  // of a variant, with the "-" before it

    // `variant` is visible ASCII without a quotation mark, at most suffix_octets_max - 1 octets; empty for the file as
    // it is. Asserted.
    Etag(std::uint64_t size, std::uint64_t content_hash, std::string_view variant = {});
    Etag(std::uint64_t size, FileTime modified, FileTime changed, std::string_view variant = {});

    // Quotation marks included, as it is sent. Lives as long as this object stays where it is.
    [[nodiscard]] std::string_view view() const { return {text_.data(), octets_}; }

private:
    void write(std::initializer_list<std::uint64_t> numbers, std::string_view variant);

    // At most three numbers of 16 digits, two separators, two quotation marks, the suffix.
    std::array<char, 3 * 16 + 2 + 2 + suffix_octets_max> text_;
    std::uint8_t octets_ = 0;
};

// An entity tag as it was received.
struct EntityTag {
    bool weak = false;        // "W/" stood before it: an equivalent representation, perhaps of other octets
    std::string_view opaque;  // with its quotation marks; a view of what was parsed
};

// Reads a field value that is one entity tag and nothing else. A backslash in it means itself.
[[nodiscard]] std::optional<EntityTag> parse_entity_tag(std::string_view field_value);

// The next well-formed entity tag of a list (RFC 9110 §13.1.1, §13.1.2); other elements are skipped.
// Takes what it read from the front of `list`; nothing at the end.
std::optional<EntityTag> next_entity_tag(std::string_view& list);

// Whether the tags are equal and neither is weak, so that both stand for the same octets (RFC 9110 §8.8.3.2).
[[nodiscard]] bool match_strongly(const EntityTag& a, const EntityTag& b);
// Whether the tags are equal, weak or not, so that both stand for equivalent representations (RFC 9110 §8.8.3.2).
[[nodiscard]] bool match_weakly(const EntityTag& a, const EntityTag& b);

}  // namespace portico::http
