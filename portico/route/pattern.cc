// portico/route/pattern.cc — see pattern.h.
#include "portico/route/pattern.h"

#include <algorithm>

#include "portico/http/fields.h"
#include "portico/http/message.h"

namespace portico::route {
namespace {

std::string in_upper_case(std::string_view text) {
    std::string upper(text);
    for (char& letter : upper) {
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return upper;
}

bool may_be_in_a_name(char octet) {
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' || octet == '.' ||
           octet == '_';
}

}  // namespace

std::string wrong_of_pattern(std::string_view pattern, std::size_t parameters) {
    const PatternCheck check = check_pattern(pattern);
    switch (check.fault) {
        case PatternFault::none: break;
        case PatternFault::no_slash: return "it must begin with a slash";
        case PatternFault::partial_parameter: return "a parameter must be a whole segment, as in \"/notes/{id}\"";
        case PatternFault::no_name: return "a parameter must have a name";
        case PatternFault::rest_before_end: return "only the last segment can take the rest of the path";
        case PatternFault::empty_segment: return "only the last segment can be empty";
        case PatternFault::dots: return "no segment can be \".\" or \"..\"";
        case PatternFault::escape_or_query: return "write it without escapes and without a query";
    }
    if (check.parameters == parameters) return {};
    return "it has " + std::to_string(check.parameters) + " parameters, and the handler takes " +
           std::to_string(parameters);
}

std::string wrong_of_method(const std::string& method) {
    if (!http::is_token(method)) return "a method is a single word, such as PURGE";
    const std::string upper = in_upper_case(method);
    if (upper == method || http::recognise_method(upper) == http::Method::other) return {};
    return "methods are case-sensitive: write " + upper;
}

std::string wrong_of_prefix(std::string_view prefix) {
    if (prefix.find_first_of("{}") != std::string_view::npos) {
        return "a prefix can't have parameters: write them into the patterns of the routes";
    }
    if (prefix.find_first_of("%?#") != std::string_view::npos) {
        return "write a prefix without escapes and without a query";
    }
    while (!prefix.empty()) {
        prefix.remove_prefix(1);
        const std::string_view segment = prefix.substr(0, prefix.find('/'));
        if (segment.empty() || segment == "." || segment == "..") {
            return "a segment of a prefix can't be empty, \".\" or \"..\"";
        }
        prefix.remove_prefix(segment.size());
    }
    return {};
}

std::string wrong_of_host(std::string_view host) {
    if (host.starts_with("*.")) host.remove_prefix(2);
    if (host.find(':') != std::string_view::npos) return "write it without a port";
    const bool is_name = !host.empty() && std::ranges::all_of(host, may_be_in_a_name) && !host.starts_with('.') &&
                         !host.ends_with('.') && host.find("..") == std::string_view::npos;
    return is_name ? std::string()
                   : "a host is a name in small letters, such as \"api.example.org\" or \"*.example.org\"";
}

std::string place_of(const std::source_location& where) {
    return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

}  // namespace portico::route
