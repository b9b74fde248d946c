// portico/route/routes.cc — see routes.h.
#include "portico/route/routes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "portico/route/pattern.h"

namespace portico::route {
namespace {

// The routes of one pattern. There are few, so that a search beats an index.
using Methods = std::vector<const Definition*>;

// One segment of some pattern, and what may follow it.
struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    Methods here;  // patterns that end with this segment
    Methods rest;  // patterns whose next segment takes the rest of the path
};

// Takes the first segment of "a/b/c".
std::string_view take_segment(std::string_view& rest, bool& is_last) {
    const std::size_t slash = rest.find('/');
    is_last = slash == std::string_view::npos;
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(is_last ? rest.size() : slash + 1);
    return segment;
}

const Definition* find_method(const Methods& methods, std::string_view method) {
    const auto named = [&methods](std::string_view name) {
        const auto found = std::ranges::find(methods, name, [](const Definition* one) { return one->method; });
        return found == methods.end() ? nullptr : *found;
    };
    const Definition* found = named(method);
    if (found == nullptr && method == "HEAD") found = named("GET");
    return found != nullptr ? found : named("");
}

// Calls meet(methods) for each pattern that matches, the most specific first, until it returns true. Then `parameters`
// has what that pattern's parameters matched.
template <class Meet>
bool search(const Node& node, std::string_view rest, std::vector<std::string_view>& parameters, Meet& meet) {
    bool is_last = false;
    const std::string_view whole = rest;
    const std::string_view segment = take_segment(rest, is_last);
    const auto go_on = [&](const Node& next) {
        if (!is_last) return search(next, rest, parameters, meet);
        return !next.here.empty() && meet(next.here);
    };
    const auto literal = node.literals.find(segment);
    if (literal != node.literals.end() && go_on(*literal->second)) return true;
    if (node.parameter != nullptr && !segment.empty()) {
        parameters.push_back(segment);
        if (go_on(*node.parameter)) return true;
        parameters.pop_back();
    }
    if (node.rest.empty()) return false;
    parameters.push_back(whole);
    if (meet(node.rest)) return true;
    parameters.pop_back();
    return false;
}

void note_methods(const Methods& methods, std::set<std::string_view>& names) {
    for (const Definition* one : methods) {
        if (!one->method.empty()) names.insert(one->method);
    }
}

}  // namespace

struct Routes::Tree {
    std::string host;
    Node root;
    std::map<std::string, Way, std::less<>> ways_below{{std::string(), Way()}};
    Methods all;
};

Routes::Routes() { trees_.push_back(std::make_unique<Tree>()); }
Routes::~Routes() = default;

Routes::Tree& Routes::tree_for(const std::string& host) {
    const auto own = std::ranges::find(trees_, host, [](const auto& tree) { return tree->host; });
    if (own != trees_.end()) return **own;
    trees_.push_back(std::make_unique<Tree>());
    trees_.back()->host = host;
    return *trees_.back();
}

void Routes::add(Definition definition) {
    Tree& tree = tree_for(definition.host);
    Node* node = &tree.root;
    std::string_view rest = std::string_view(definition.pattern).substr(1);
    Methods* methods = nullptr;
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
    const auto same = std::ranges::find(*methods, definition.method, [](const Definition* one) { return one->method; });
    if (same != methods->end()) {
        errors_.push_back("two routes take the same requests: " + definition.method + " " + (*same)->pattern + " at " +
                          place_of((*same)->where) + ", and " + definition.pattern + " at " +
                          place_of(definition.where) + "; remove one of them, or give it another path");
        return;
    }
    definitions_.push_back(std::make_unique<const Definition>(std::move(definition)));
    tree.all.push_back(definitions_.back().get());
    methods->push_back(definitions_.back().get());
}

void Routes::set_way_below(const std::string& host, const std::string& prefix, const Way& way) {
    Way& own = tree_for(host).ways_below[prefix];
    if (way.size() >= own.size()) own = way;
}

const Routes::Tree& Routes::tree_of(std::string_view authority) const {
    if (trees_.size() == 1) return *trees_.front();
    const std::string host = host_of(authority);
    const Tree* best = trees_.front().get();
    for (const auto& tree : trees_) {
        if (tree->host == host && !host.empty()) return *tree;
        if (tree->host.size() > best->host.size() && is_below(host, tree->host)) best = tree.get();
    }
    return *best;
}

Routes::Found Routes::find(const Tree& tree, std::string_view method, std::string_view path,
                           std::vector<std::string_view>& parameters) {
    Found found;
    parameters.clear();
    auto meet = [&found, method](const Methods& methods) {
        found.route = find_method(methods, method);
        // If the methods of the first pattern have different middleware, the longest way is used.
        if (found.route == nullptr && found.other_method == nullptr) {
            found.other_method =
                *std::ranges::max_element(methods, {}, [](const Definition* one) { return one->way.size(); });
        }
        return found.route != nullptr;
    };
    search(tree.root, path.substr(1), parameters, meet);
    return found;
}

void Routes::list_methods(const Tree& tree, std::string_view path, std::string& list) {
    std::set<std::string_view> names;
    if (path == "*") {
        const std::size_t own_way = way_below(tree, {}).size();
        Methods public_ones;
        std::ranges::copy_if(tree.all, std::back_inserter(public_ones),
                             [own_way](const Definition* one) { return one->way.size() <= own_way; });
        note_methods(public_ones, names);
    } else {
        std::vector<std::string_view> parameters;
        auto meet = [&names](const Methods& methods) {
            note_methods(methods, names);
            return false;
        };
        search(tree.root, path.substr(1), parameters, meet);
    }
    if (names.contains("GET")) names.insert("HEAD");
    names.insert("OPTIONS");
    list.clear();
    for (const std::string_view name : names) {
        if (!list.empty()) list += ", ";
        list += name;
    }
}

bool Routes::knows_method(const Tree& tree, std::string_view method) {
    return std::ranges::any_of(tree.all, [method](const Definition* one) { return one->method == method; });
}

const Definition* Routes::guarded(const Tree& tree) {
    const auto found = std::ranges::find_if(tree.all, [](const Definition* one) { return one->guard != nullptr; });
    return found == tree.all.end() ? nullptr : *found;
}

const Way& Routes::way_below(const Tree& tree, std::string_view path) {
    auto longest = tree.ways_below.begin();  // "", which is every path's
    for (auto at = tree.ways_below.begin(); at != tree.ways_below.end(); ++at) {
        const std::string& prefix = at->first;
        const bool is_above = path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
        if (is_above && prefix.size() > longest->first.size()) longest = at;
    }
    return longest->second;
}

std::vector<const Way*> Routes::ways_below() const {
    std::vector<const Way*> ways;
    for (const auto& tree : trees_) {
        for (const auto& [prefix, way] : tree->ways_below) ways.push_back(&way);
    }
    return ways;
}

HostOptions Routes::all_hosts() const {
    HostOptions all = hosts;
    for (const auto& tree : trees_) {
        if (!tree->host.empty()) all.names.push_back(tree->host);
    }
    return all;
}

}  // namespace portico::route
