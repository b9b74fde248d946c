// portico/http/fields.cc — see fields.h.
#include "portico/http/fields.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "portico/http/hex.h"

namespace portico::http {
namespace {

// In the order of FieldName.
constexpr std::array<std::string_view, field_name_count> spellings = {
    "",
    "Accept",
    "Accept-Encoding",
    "Accept-Ranges",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Age",
    "Allow",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Type",
    "Cookie",
    "Date",
    "ETag",
    "Expect",
    "Expires",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Modified",
    "Link",
    "Location",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Retry-After",
    "Server",
    "Set-Cookie",
    "Strict-Transport-Security",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Forwarded-For",
};
static_assert(spellings.back() == "X-Forwarded-For", "one spelling for each FieldName, in its order");

constexpr std::size_t name_octets_min = 2;   // TE
constexpr std::size_t name_octets_max = 30;  // Access-Control-Request-Headers

constexpr unsigned lower(char c) { return c >= 'A' && c <= 'Z' ? octet(c) | 0x20U : octet(c); }

// The slot of a name of name_octets_min octets or more in the table below. Setting bit 5 folds the case of letters; the
// comparison then distinguishes the other octets that it folds.
constexpr std::size_t slot_of(std::string_view name, unsigned factor) {
    const std::size_t n = name.size();
    const unsigned letters =
        (octet(name[0]) | 0x20U) | (octet(name[n - 2]) | 0x20U) << 8 | (octet(name[n - 1]) | 0x20U) << 16;
    return ((letters ^ static_cast<unsigned>(n) << 24) * factor) >> 23;
}
constexpr std::size_t slot_count = 512;

// A factor that gives each name its own slot. It is searched for when this file is compiled.
consteval unsigned perfect_factor() {
    for (unsigned factor = 0x9e3779b1U;; factor += 2) {
        std::array<bool, slot_count> taken{};
        bool clash = false;
        for (std::size_t i = 1; i < field_name_count && !clash; ++i) {
            bool& slot = taken[slot_of(spellings[i], factor)];
            clash = slot;
            slot = true;
        }
        if (!clash) return factor;
    }
}
constexpr unsigned factor_used = perfect_factor();

consteval std::array<FieldName, slot_count> make_slots() {
    std::array<FieldName, slot_count> slots{};
    for (std::size_t i = 1; i < field_name_count; ++i) {
        slots[slot_of(spellings[i], factor_used)] = static_cast<FieldName>(i);
    }
    return slots;
}
constexpr auto slots = make_slots();

// The known names in lower case, each with room for loads of eight octets.
using Padded = std::array<char, 32>;
consteval std::array<Padded, field_name_count> make_lowered() {
    std::array<Padded, field_name_count> all{};
    for (std::size_t i = 0; i < field_name_count; ++i) {
        for (std::size_t k = 0; k < spellings[i].size(); ++k) all[i][k] = static_cast<char>(lower(spellings[i][k]));
    }
    return all;
}
constexpr auto lowered = make_lowered();

template <class Word>
Word load(const char* from) {
    Word word;
    std::memcpy(&word, from, sizeof(word));
    return word;
}

// Whether as many octets as a Word has are equal except for case. `low` is in lower case, and has only letters and
// hyphens: its letters are the octets with bit 6, and only in these may bit 5 differ.
template <class Word>
bool same_word(const char* received, const char* low) {
    const Word expected = load<Word>(low);
    const Word letters = expected & static_cast<Word>(0x4040404040404040U);
    return ((load<Word>(received) ^ expected) & static_cast<Word>(~(letters >> 1))) == 0;
}

bool same_name(std::string_view received, const char* low) {
    const char* const from = received.data();
    const std::size_t n = received.size();
    if (n >= 8) {
        for (std::size_t i = 0; i + 8 <= n; i += 8) {
            if (!same_word<std::uint64_t>(from + i, low + i)) return false;
        }
        return same_word<std::uint64_t>(from + n - 8, low + n - 8);  // the rest, overlapping
    }
    if (n >= 4) return same_word<std::uint32_t>(from, low) && same_word<std::uint32_t>(from + n - 4, low + n - 4);
    for (std::size_t i = 0; i < n; ++i) {
        if (lower(from[i]) != octet(low[i])) return false;
    }
    return true;
}

// RFC 9110 §5.6.2
consteval std::array<bool, 256> make_tchars() {
    std::array<bool, 256> is_tchar{};
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789")) is_tchar[octet(c)] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c) is_tchar[c] = is_tchar[c - 0x20] = true;
    return is_tchar;
}
constexpr auto tchars = make_tchars();

constexpr bool is_white(char c) { return c == ' ' || c == '\t'; }

// The length of the element at the front of `text`, which ends at its separator or at the end of `text`.
std::size_t element_octets(std::string_view text, char separator) {
    bool quoted = false;  // RFC 9110 §5.6.4
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && quoted) {
            ++i;  // a quoted-pair: the next octet is taken literally
            continue;
        }
        if (text[i] == '"') quoted = !quoted;
        if (text[i] == separator && !quoted) return i;
    }
    return text.size();
}

}  // namespace

std::string_view spelling(FieldName name) { return spellings[static_cast<std::size_t>(name)]; }

FieldName recognise(std::string_view name) {
    if (name.size() < name_octets_min || name.size() > name_octets_max) return FieldName::other;
    const FieldName candidate = slots[slot_of(name, factor_used)];
    const auto index = static_cast<std::size_t>(candidate);
    if (spellings[index].size() != name.size()) return FieldName::other;
    return same_name(name, lowered[index].data()) ? candidate : FieldName::other;
}

FieldSection::FieldSection(FieldSection&& other) noexcept
    : lines_(std::exchange(other.lines_, {})), first_(std::exchange(other.first_, nothing_known())) {}

FieldSection& FieldSection::operator=(FieldSection&& other) noexcept {
    if (this == &other) return *this;
    lines_.swap(other.lines_);
    other.lines_.clear();
    first_ = std::exchange(other.first_, nothing_known());
    return *this;
}

void FieldSection::add(FieldName name, std::string_view value) { add(name, spelling(name), value); }

void FieldSection::add(std::string_view name, std::string_view value) { add(recognise(name), name, value); }

void FieldSection::add(FieldName known, std::string_view name, std::string_view value) {
    assert(lines_.size() < none);
    std::uint16_t& first = first_[static_cast<std::size_t>(known)];
    if (first == none && known != FieldName::other) first = static_cast<std::uint16_t>(lines_.size());
    lines_.push_back(FieldLine{known, name, value});
}

void FieldSection::set(FieldName name, std::string_view value) {
    assert(name != FieldName::other);
    if (!has(name)) return add(name, value);
    lines_[first_[static_cast<std::size_t>(name)]].value = value;
}

void FieldSection::remove(FieldName name) {
    if (has(name)) remove(spelling(name));
}

void FieldSection::remove(std::string_view name) {
    const auto removed =
        std::erase_if(lines_, [name](const FieldLine& line) { return equals_ignoring_case(line.name, name); });
    if (removed == 0) return;
    first_ = nothing_known();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        std::uint16_t& first = first_[static_cast<std::size_t>(lines_[i].known)];
        if (first == none && lines_[i].known != FieldName::other) first = static_cast<std::uint16_t>(i);
    }
}

void FieldSection::clear() {
    for (const FieldLine& line : lines_) first_[static_cast<std::size_t>(line.known)] = none;
    lines_.clear();
}

std::optional<std::string_view> FieldSection::find(FieldName name) const {
    if (!has(name)) return std::nullopt;
    return lines_[first_[static_cast<std::size_t>(name)]].value;
}

std::optional<std::string_view> FieldSection::find(std::string_view name) const {
    const FieldName known = recognise(name);
    if (known != FieldName::other) return find(known);
    for (const FieldLine& line : lines_) {
        if (line.known == FieldName::other && equals_ignoring_case(line.name, name)) return line.value;
    }
    return std::nullopt;
}

std::size_t FieldSection::count(FieldName name) const {
    std::size_t lines = 0;
    for_each(name, [&lines](std::string_view) { ++lines; });
    return lines;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (a == b) return true;  // the most common case by far, and quicker
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
    return text;
}

bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char octet) {
        const auto code = static_cast<unsigned char>(octet);
        return octet == '\t' || (code >= 0x20 && code != 0x7f);
    });
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return tchars[octet(c)]; });
}

std::optional<std::string_view> next_element(std::string_view& list, char separator) {
    while (!list.empty()) {
        const std::size_t octets = element_octets(list, separator);
        const std::string_view element = trim(list.substr(0, octets));
        list.remove_prefix(std::min(octets + 1, list.size()));
        if (!element.empty()) return element;
    }
    return std::nullopt;
}

}  // namespace portico::http
