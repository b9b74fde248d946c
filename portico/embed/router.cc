// portico/embed/router.cc — see router.h.
#include "portico/embed/router.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "portico/embed/functions.h"
#include "portico/embed/openapi_text.h"
#include "portico/embed/pages.h"
#include "portico/embed/router_state.h"
#include "portico/handler/files/folders.h"
#include "portico/http/target.h"
#include "portico/io/file_system.h"
#include "portico/route/pattern.h"

namespace portico {
namespace {

using route::place_of;

// The answer to a request for a folder without the slash at its end. The query is kept.
BoundHandler redirect_to_folder(std::string_view prefix) {
    std::string location;
    http::append_encoded_path(location, prefix);
    location += '/';
    BoundHandler bound;
    bound.at_once = [location](Request& request) {
        const http::Request& message = request.message();
        const std::string query = message.has_query ? "?" + std::string(message.query) : std::string();
        return Response::redirect(location + query, Status::moved_permanently);
    };
    return bound;
}

}  // namespace

bool Router::is_pattern(const std::string& pattern, std::size_t parameters, std::source_location where) const {
    const std::string wrong = route::wrong_of_pattern(pattern, parameters);
    if (!wrong.empty()) {
        state_->errors.push_back("the pattern '" + pattern + "' at " + place_of(where) + ": " + wrong);
    }
    return wrong.empty();
}

std::vector<std::shared_ptr<const Middleware::ForCore>> Router::way() const {
    std::vector<std::shared_ptr<const Middleware::ForCore>> way;
    for (const Middleware& middleware : way_) way.push_back(middleware.for_core());
    return way;
}

RouteNotes Router::no_notes() { return RouteNotes(std::make_shared<RouteNotes::Description>()); }

RouteNotes Router::add(std::string method, const std::string& pattern, std::source_location where,
                       BoundHandler handler) {
    auto description = std::make_shared<RouteNotes::Description>();
    description->host = host_;
    description->method = method;
    description->pattern = prefix_ + pattern;
    description->where = where;
    description->types = std::move(handler.types);
    for (const Middleware& middleware : way_) {
        if (middleware.notes() != nullptr) description->way.push_back(middleware.notes());
    }
    RouteNotes notes(description);
    for (const auto describe : description->types.arguments) describe(notes);
    if (description->types.are_known && !state_->is_in_use) state_->descriptions.push_back(std::move(description));
    auto function = std::make_shared<BoundHandler>(std::move(handler));
    add_handler(std::move(method), pattern, where,
                [function](io::Core&) { return std::make_shared<FunctionHandler>(function); });
    return notes;
}

void Router::openapi(const std::string& path, OpenApiOptions options, std::source_location where) {
    const auto answer = [&](const std::string& at, std::function<Response()> make) {
        BoundHandler bound;
        bound.at_once = [make = std::move(make)](Request&) { return make(); };
        static_cast<void>(add("GET", at, where, std::move(bound)));
    };
    if (!is_pattern(path, 0, where) || !is_pattern(options.page, 0, where)) return;
    const std::string json_path = prefix_ + path;
    const std::string page_path = prefix_ + options.page;
    if (!options.page.empty()) {
        answer(options.page, [html = openapi_page(page_path, json_path, options.title)] {
            Response page = Response::html(html);
            page.set("Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
            return page;
        });
        answer(options.page + ".js",
               [] { return Response(Status::ok, std::string(openapi_script()), "text/javascript; charset=utf-8"); });
        answer(options.page + ".css",
               [] { return Response(Status::ok, std::string(openapi_style()), "text/css; charset=utf-8"); });
    }
    // The routes own the handler, so the state outlives it. They are complete once the first request comes.
    struct Kept {
        std::once_flag is_made;
        std::string text;
    };
    answer(path, [state = state_.get(), host = host_, options, kept = std::make_shared<Kept>()] {
        std::call_once(kept->is_made, [&] { kept->text = openapi_text(state->descriptions, host, options); });
        return Response(Status::ok, kept->text, "application/json");
    });
}

void Router::add_websocket(const std::string& pattern, std::source_location where, BoundWebSocket handler,
                           WebSocketOptions options) {
    const route::ForCore<route::Handler> source = websocket_handler(std::move(handler), std::move(options));
    add_handler("GET", pattern, where, source);
    add_handler("CONNECT", pattern, where, source);  // RFC 8441
}

void Router::add_handler(std::string method, const std::string& pattern, std::source_location where,
                         route::ForCore<route::Handler> handler) {
    if (state_->is_too_late("the route " + method + " " + prefix_ + pattern, where)) return;
    const std::string wrong = route::wrong_of_method(method);
    if (!wrong.empty()) state_->errors.push_back("the method '" + method + "' at " + place_of(where) + ": " + wrong);
    if (prefix_.empty() && pattern.empty()) {
        state_->errors.push_back("the path of a route must begin with a slash: there is none at " + place_of(where));
        return;
    }
    route::Definition definition;
    definition.host = host_;
    definition.method = std::move(method);
    definition.pattern = prefix_ + pattern;
    definition.where = where;
    definition.way = way();
    definition.handler = std::move(handler);
    state_->routes.add(std::move(definition));
}

void Router::pass_through(const Middleware& middleware, std::source_location where) {
    if (state_->is_too_late("the middleware", where)) return;
    if (!middleware.why_unusable().empty()) {
        state_->errors.push_back("the middleware at " + place_of(where) + ": " + middleware.why_unusable());
        return;
    }
    way_.push_back(middleware);
    if (has_own_prefix_) state_->routes.set_way_below(host_, prefix_, way());
}

Hooks& Router::hooks(std::source_location where) {
    if (hooks_ == nullptr) {
        hooks_ = std::make_shared<Hooks>();
        if (is_group_) {
            pass_through(Middleware(pages_of(hooks_)), where);
        } else {
            state_->hooks = hooks_;
        }
    }
    return *hooks_;
}

void Router::on_refusal(RefusalHook hook, std::source_location where) {
    if (!state_->is_too_late("on_refusal()", where)) hooks(where).refusal = std::move(hook);
}

void Router::on_error(ErrorHook hook, std::source_location where) {
    if (!state_->is_too_late("on_error()", where)) hooks(where).error = std::move(hook);
}

std::string Router::check_prefix(std::string prefix, std::source_location where) const {
    while (prefix.ends_with('/')) prefix.pop_back();
    if (!prefix.empty() && !prefix.starts_with('/')) prefix.insert(prefix.begin(), '/');
    const std::string wrong = route::wrong_of_prefix(prefix);
    if (!wrong.empty()) state_->errors.push_back("the prefix '" + prefix + "' at " + place_of(where) + ": " + wrong);
    return prefix;
}

Group Router::group(std::string prefix, std::source_location where) const {
    if (state_->is_too_late("the group " + prefix, where)) return Group(state_);
    prefix = check_prefix(std::move(prefix), where);
    Group group(state_);
    group.host_ = host_;
    group.prefix_ = prefix_ + prefix;
    group.way_ = way_;
    group.has_own_prefix_ = !prefix.empty();
    group.is_group_ = true;
    if (group.has_own_prefix_) state_->routes.set_way_below(host_, group.prefix_, way());
    return group;
}

Group Router::host(std::string name, std::source_location where) const {
    if (state_->is_too_late("the host " + name, where)) return Group(state_);
    const std::string wrong = route::wrong_of_host(name);
    if (!wrong.empty()) state_->errors.push_back("the host '" + name + "' at " + place_of(where) + ": " + wrong);
    Group group(state_);
    group.host_ = std::move(name);
    group.prefix_ = prefix_;
    group.way_ = way_;
    group.is_group_ = true;
    // Paths outside of the prefix have this router's middleware too: the host has no other.
    state_->routes.set_way_below(group.host_, {}, way());
    state_->routes.set_way_below(group.host_, prefix_, way());
    return group;
}

std::shared_ptr<const files::Folder> Router::open_folder(const std::string& path, const char* purpose) const {
    files::FolderOptions options;
    options.root = path;
    options.listing = files::Listing::off;
    auto opened = files::Folder::open(io::real_file_system(), std::move(options));
    if (opened) return *std::move(opened);
    state_->errors.push_back(std::string("can't ") + purpose + " the folder " + path + ": " +
                             io::describe(opened.error()));
    return nullptr;
}

void Router::files(std::string prefix, std::string folder, std::source_location where) {
    if (state_->is_too_late("the folder " + folder, where)) return;
    prefix = check_prefix(std::move(prefix), where);
    auto opened = open_folder(folder, "serve");
    if (opened == nullptr) return;
    const std::string whole = prefix_ + prefix;
    if (!whole.empty()) add("GET", prefix, where, redirect_to_folder(whole));
    add_handler("GET", prefix + "/{path...}", where, files::folder_handler(std::move(opened), whole));
}

Folder Router::folder(std::string path, std::source_location where) {
    if (state_->is_too_late("the folder " + path, where)) return Folder(nullptr);
    auto opened = open_folder(path, "open");
    if (opened != nullptr) state_->routes.keep(files::folder_handler(opened));
    return Folder(std::move(opened));
}

RouteSet::RouteSet() : Router(std::make_shared<State>()) {}

}  // namespace portico
