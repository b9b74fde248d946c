// portico/embed/routes.cc — see routes.h.
#include "portico/embed/routes.h"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "portico/embed/tell.h"

namespace portico {

// One segment of some pattern, and what may follow it.
struct Routes::Node {
    using Methods = std::map<std::string, Route*, std::less<>>;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    Methods here;  // patterns that end with this segment
    Methods rest;  // patterns whose next segment takes the rest of the path
};

struct Routes::Search {
    std::string_view method;
    std::vector<std::string_view> parameters = {};
    Found found = {};
    std::set<std::string_view> allowed = {};

    [[nodiscard]] bool is_over() const { return found.route != nullptr; }
    // A pattern matches: takes its route, or notes its methods.
    void meet(const Node::Methods& methods) {
        if (is_over()) return;
        auto at = methods.find(method);
        if (at == methods.end() && method == "HEAD") at = methods.find("GET");
        if (at == methods.end()) {
            note(methods);
            return;
        }
        found.route = at->second;
        found.way = &at->second->way;
        found.parameters = parameters;
    }
    // The answer that lists the methods goes through the middleware of the first pattern, which is the most specific.
    // If its methods have different middleware, the longest way is used.
    void note(const Node::Methods& methods) {
        const bool is_first = allowed.empty();
        for (const auto& [name, route] : methods) {
            allowed.insert(name);
            const bool is_longer = found.way == nullptr || route->way.size() > found.way->size();
            if (is_first && is_longer) found.way = &route->way;
        }
    }
};

namespace {

// Takes the first segment of "a/b/c".
std::string_view take_segment(std::string_view& rest, bool& is_last) {
    const std::size_t slash = rest.find('/');
    is_last = slash == std::string_view::npos;
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(is_last ? rest.size() : slash + 1);
    return segment;
}

}  // namespace

std::string place_of(const std::source_location& where) {
    return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

namespace {

// One step of the way. The program's function may throw before it has made its task, or in the task. Both become a
// response here, so that the middleware around it sees a response like any other.
Task<Response> pass(const Way& way, Handle& handle, std::size_t passed, Request& request) {
    std::exception_ptr exception;
    try {
        Task<Response> station =
            passed == way.size() ? handle(request) : (*way[passed])(request, Next(way, handle, passed + 1));
        Response response = co_await station;
        response.make_sendable();
        co_return std::move(response);
    } catch (...) {
        exception = std::current_exception();
    }
    tell_of_exception(std::string(request.method_name()) + " " + std::string(request.target()), exception);
    Response response(Status::internal_server_error);
    response.set_reason("the handler " + describe_exception(exception));
    co_return std::move(response);
}

}  // namespace

Task<Response> Next::operator()(Request& request) const { return pass(*way_, *handle_, passed_, request); }

Routes::Routes() : root_(std::make_unique<Node>()), ways_below_{{std::string(), Way()}} {}
Routes::~Routes() = default;

void Routes::add(std::unique_ptr<Route> route) {
    Node* node = root_.get();
    std::string_view rest = std::string_view(route->pattern).substr(1);
    Node::Methods* methods = nullptr;
    for (bool is_last = false; !is_last;) {
        const std::string_view segment = take_segment(rest, is_last);
        if (segment.starts_with('{') && segment.ends_with("...}")) {
            methods = &node->rest;
            break;
        }
        std::unique_ptr<Node>& next = segment.starts_with('{') ? node->parameter : node->literals[std::string(segment)];
        if (next == nullptr) next = std::make_unique<Node>();
        node = next.get();
        methods = &node->here;
    }
    const auto [at, is_new] = methods->emplace(route->method, route.get());
    if (!is_new) {
        errors_.push_back("two routes take the same requests: " + route->method + " " + at->second->pattern + " at " +
                          place_of(at->second->where) + ", and " + route->pattern + " at " + place_of(route->where) +
                          "; remove one of them, or give it another path");
        return;
    }
    route->number = routes_.size();
    routes_.push_back(std::move(route));
}

void Routes::set_way_below(const std::string& prefix, const Way& way) {
    Way& own = ways_below_[prefix];
    if (way.size() >= own.size()) own = way;
}

const Way& Routes::way_below(std::string_view path) const {
    auto longest = ways_below_.begin();  // "", which is every path's
    for (auto at = ways_below_.begin(); at != ways_below_.end(); ++at) {
        const std::string& prefix = at->first;
        const bool is_above = path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
        if (is_above && prefix.size() > longest->first.size()) longest = at;
    }
    return longest->second;
}

// Tries the most specific patterns first. If a pattern matches but does not have the method, the search goes on.
void Routes::search(const Node& node, std::string_view rest, Search& search) const {
    bool is_last = false;
    const std::string_view whole = rest;
    const std::string_view segment = take_segment(rest, is_last);
    const auto go_on = [&](const Node& next) {
        if (search.is_over()) return;
        if (is_last) {
            search.meet(next.here);
        } else {
            this->search(next, rest, search);
        }
    };
    const auto literal = node.literals.find(segment);
    if (literal != node.literals.end()) go_on(*literal->second);
    if (node.parameter != nullptr && !segment.empty()) {
        search.parameters.push_back(segment);
        go_on(*node.parameter);
        search.parameters.pop_back();
    }
    if (!node.rest.empty()) {
        search.parameters.push_back(whole);
        search.meet(node.rest);
        search.parameters.pop_back();
    }
}

Routes::Found Routes::find(std::string_view method, std::string_view path) const {
    Search under_way{.method = method};
    search(*root_, path.substr(1), under_way);
    if (under_way.found.way == nullptr) under_way.found.way = &way_below(path);
    if (under_way.is_over() || under_way.allowed.empty()) return std::move(under_way.found);
    if (under_way.allowed.contains("GET")) under_way.allowed.insert("HEAD");
    under_way.allowed.insert("OPTIONS");
    for (const std::string_view name : under_way.allowed) {
        if (!under_way.found.allow.empty()) under_way.found.allow += ", ";
        under_way.found.allow += name;
    }
    return std::move(under_way.found);
}

}  // namespace portico
