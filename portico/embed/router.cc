// portico/embed/router.cc — see router.h.
#include "portico/embed/router.h"

#include <utility>

#include "portico/embed/router_state.h"
#include "portico/http/fields.h"

namespace portico {
namespace {

std::string in_upper_case(std::string_view text) {
    std::string upper(text);
    for (char& letter : upper) {
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return upper;
}

// Why this can't be the method of a request; empty if it can. Methods are case-sensitive (RFC 9110 §9.1): "get" is not
// GET, and certainly a mistake.
std::string wrong_of_method(const std::string& method) {
    if (!http::is_token(method)) return "a method is a single word, such as PURGE";
    const std::string upper = in_upper_case(method);
    if (upper == method || http::recognise_method(upper) == Method::other) return {};
    return "methods are case-sensitive: write " + upper;
}

// Why paths can't begin with `prefix`, which begins with a slash and does not end with one; empty if they can.
std::string wrong_of_prefix(std::string_view prefix) {
    if (prefix.find_first_of("{}") != std::string_view::npos) {
        return "a prefix can't have parameters: write them into the patterns of the routes";
    }
    if (prefix.find_first_of("%?#") != std::string_view::npos)
        return "write a prefix without escapes and without a query";
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

// The same for a pattern, as a sentence.
std::string wrong_of_pattern(std::string_view pattern, std::size_t parameters) {
    const detail::PatternCheck check = detail::check_pattern_text(pattern);
    switch (check.fault) {
        case detail::PatternFault::none: break;
        case detail::PatternFault::no_slash: return "it must begin with a slash";
        case detail::PatternFault::partial_parameter:
            return "a parameter must be a whole segment, as in \"/notes/{id}\"";
        case detail::PatternFault::no_name: return "a parameter must have a name";
        case detail::PatternFault::rest_before_end: return "only the last segment can take the rest of the path";
        case detail::PatternFault::empty_segment: return "only the last segment can be empty";
        case detail::PatternFault::dots: return "no segment can be \".\" or \"..\"";
        case detail::PatternFault::escape_or_query: return "write it without escapes and without a query";
    }
    if (check.parameters == parameters) return {};
    return "it has " + std::to_string(check.parameters) + " parameters, and the handler takes " +
           std::to_string(parameters);
}

}  // namespace

bool Router::is_pattern(const std::string& pattern, std::size_t parameters, std::source_location where) const {
    const std::string wrong = wrong_of_pattern(pattern, parameters);
    if (!wrong.empty()) {
        state_->errors.push_back("the pattern '" + pattern + "' at " + place_of(where) + ": " + wrong);
    }
    return wrong.empty();
}

void Router::add(std::string method, const std::string& pattern, std::source_location where, Handle handle) {
    if (state_->is_too_late("the route " + method + " " + prefix_ + pattern, where)) return;
    const std::string wrong = wrong_of_method(method);
    if (!wrong.empty()) state_->errors.push_back("the method '" + method + "' at " + place_of(where) + ": " + wrong);
    if (prefix_.empty() && pattern.empty()) {
        state_->errors.push_back("the path of a route must begin with a slash: there is none at " + place_of(where));
        return;
    }
    auto route = std::make_unique<Route>();
    route->method = std::move(method);
    route->pattern = prefix_ + pattern;
    route->where = where;
    route->way = way_;
    route->handle = std::move(handle);
    state_->routes.add(std::move(route));
}

void Router::pass_through(std::shared_ptr<Middleware> middleware, std::source_location where) {
    if (state_->is_too_late("the middleware", where)) return;
    way_.push_back(std::move(middleware));
    if (has_own_prefix_) state_->routes.set_way_below(prefix_, way_);
}

std::string Router::check_prefix(std::string prefix, std::source_location where) const {
    while (prefix.ends_with('/')) prefix.pop_back();
    if (!prefix.empty() && !prefix.starts_with('/')) prefix.insert(prefix.begin(), '/');
    const std::string wrong = wrong_of_prefix(prefix);
    if (!wrong.empty()) state_->errors.push_back("the prefix '" + prefix + "' at " + place_of(where) + ": " + wrong);
    return prefix;
}

Group Router::group(std::string prefix, std::source_location where) const {
    if (state_->is_too_late("the group " + prefix, where)) return Group(state_);
    prefix = check_prefix(std::move(prefix), where);
    Group group(state_);
    group.prefix_ = prefix_ + prefix;
    group.way_ = way_;
    group.has_own_prefix_ = !prefix.empty();
    if (group.has_own_prefix_) state_->routes.set_way_below(group.prefix_, group.way_);
    return group;
}

void Router::files(std::string prefix, std::string folder, std::source_location where) {
    if (state_->is_too_late("the folder " + folder, where)) return;
    prefix = check_prefix(std::move(prefix), where);
    auto files = Files::open(prefix_ + prefix, folder);
    if (!files) {
        state_->errors.push_back("can't serve the folder " + folder + ": " + io::describe(files.error()));
        return;
    }
    state_->files.push_back(*files);
    if (!(prefix_ + prefix).empty()) {
        add("GET", prefix, where, [files = *files](Request& request) -> Task<Response> {
            co_return Response::redirect(files->location(request), Status::moved_permanently);
        });
    }
    for (const char* const method : {"GET", "OPTIONS"}) {
        add(method, prefix + "/{path...}", where,
            [files = *files](Request& request) { return files->respond(request); });
    }
}

Folder Router::folder(std::string path, std::source_location where) {
    if (state_->is_too_late("the folder " + path, where)) return Folder(nullptr);
    auto files = Files::open("", path);
    if (!files) {
        state_->errors.push_back("can't open the folder " + path + ": " + io::describe(files.error()));
        return Folder(nullptr);
    }
    state_->files.push_back(*files);
    return Folder(*std::move(files));
}

RouteSet::RouteSet() : Router(std::make_shared<State>()) {}

}  // namespace portico
