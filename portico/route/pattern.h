// portico/route/pattern.h — the texts that describe a route: its pattern, its method, its prefix, its host.
//
// Room route: see handler.h.
// Threads:   none; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace portico::route {

// Why a text can't be the pattern of a route.
enum class PatternFault : std::uint8_t {
    none,
    no_slash,           // at its beginning
    partial_parameter,  // "/a{b}"
    no_name,            // "/{}"
    rest_before_end,    // "/{a...}/b"
    empty_segment,      // "/a//b"
    dots,               // "/a/../b"
    escape_or_query,    // "/a%20b", "/a?b"
};

// The fault of one segment of a pattern.
constexpr PatternFault fault_of_segment(std::string_view segment, bool is_last) {
    if (segment.find_first_of("%?#") != std::string_view::npos) return PatternFault::escape_or_query;
    const bool opens = segment.starts_with('{');
    const bool closes = segment.ends_with('}');
    const auto inside = segment.substr(opens ? 1 : 0, segment.size() - (opens ? 1 : 0) - (closes ? 1 : 0));
    const bool is_whole = inside.find_first_of("{}") == std::string_view::npos && opens == closes;
    if (!is_whole) return PatternFault::partial_parameter;
    if (opens && (inside.empty() || inside == "...")) return PatternFault::no_name;
    if (opens && inside.ends_with("...") && !is_last) return PatternFault::rest_before_end;
    if (segment.empty() && !is_last) return PatternFault::empty_segment;
    if (segment == "." || segment == "..") return PatternFault::dots;
    return PatternFault::none;
}

// What check_pattern() has found.
struct PatternCheck {
    PatternFault fault = PatternFault::none;  // the first one
    std::size_t parameters = 0;               // how many the pattern has
};

// Checks a pattern: literal segments, "{name}" for any one segment, and "{name...}" for the rest of the path. The empty
// pattern is a group's prefix itself.
constexpr PatternCheck check_pattern(std::string_view pattern) {
    PatternCheck check;
    if (!pattern.empty() && !pattern.starts_with('/')) check.fault = PatternFault::no_slash;
    for (std::size_t at = 1; at <= pattern.size() && check.fault == PatternFault::none;) {
        const std::size_t slash = pattern.find('/', at);
        const std::size_t end = slash == std::string_view::npos ? pattern.size() : slash;
        const auto segment = pattern.substr(at, end - at);
        check.fault = fault_of_segment(segment, slash == std::string_view::npos);
        if (segment.starts_with('{')) ++check.parameters;
        at = end + 1;
    }
    return check;
}

// Why this can't be the pattern of a handler that takes so many parameters, as a clause for a message; empty if it can.
[[nodiscard]] std::string wrong_of_pattern(std::string_view pattern, std::size_t parameters);
// The same for a method. Methods are case-sensitive (RFC 9110 §9.1): "get" is not GET, and certainly a mistake.
[[nodiscard]] std::string wrong_of_method(const std::string& method);
// The same for the beginning of paths, which begins with a slash and does not end with one.
[[nodiscard]] std::string wrong_of_prefix(std::string_view prefix);
// The same for a host: a name in ASCII, or "*." and a name, without a port.
[[nodiscard]] std::string wrong_of_host(std::string_view host);

// A place in the source, for messages: "notes.cc:6".
[[nodiscard]] std::string place_of(const std::source_location& where);

}  // namespace portico::route
