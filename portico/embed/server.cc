// portico/embed/server.cc — see server.h.
#include "portico/embed/server.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdio>
#include <mutex>
#include <utility>

#include "portico/embed/files.h"
#include "portico/embed/program_router.h"
#include "portico/embed/tell.h"
#include "portico/http/fields.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/endpoint.h"
#include "portico/io/patient_write.h"
#include "portico/io/resolve.h"
#include "portico/io/signals.h"
#include "portico/server/server.h"

namespace portico {

struct Router::State {
    explicit State(Options the_options) : options(std::move(the_options)) {}

    // Whether the server has been started: then its threads read the routes, and nothing can be added. Reports that on
    // standard error.
    [[nodiscard]] bool is_too_late(std::string_view what, std::source_location where) const {
        if (!has_started) return false;
        tell_of_error(std::string(what) + " at " + place_of(where) +
                      " is ignored: add it before the server is started");
        return true;
    }

    // Null before start().
    [[nodiscard]] server::Server* started_server() {
        const std::lock_guard guard(starting);
        return server.get();
    }

    const Options options;
    std::atomic<bool> has_started = false;
    Routes routes;
    std::vector<std::shared_ptr<Files>> files;
    std::vector<std::string> errors;
    std::unique_ptr<server::Server> server;
    // Another thread may call stop() while start() opens the server, which is then stopped as soon as it is open.
    std::mutex starting;
    unsigned stops_wanted = 0;  // calls of stop()
    std::mutex ending;          // if several threads call wait(), the first joins the server's threads
};

namespace {

server::LogFormat log_format(const Options& options) {
    if (options.access_log.empty()) return server::LogFormat::off;
    switch (options.log_format) {
        case LogFormat::json: return server::LogFormat::json;
        case LogFormat::combined: return server::LogFormat::combined;
        case LogFormat::text: break;
    }
    return server::LogFormat::text;
}

std::string sentence(const server::OpenError& error) {
    if (error.what == server::OpenError::What::limits) return "Options::limits: " + error.message;
    if (error.what == server::OpenError::What::log) return error.message;
    if (error.what == server::OpenError::What::kernel) return io::describe(error.error);
    return "can't listen on " + error.address.text() + ": " + io::describe(error.error);
}

std::expected<std::vector<io::SocketAddress>, std::string> addresses_of(const std::string& text) {
    const auto endpoint = io::parse_endpoint(text);
    if (!endpoint) return std::unexpected("'" + text + "' is not an endpoint: " + endpoint.error().message);
    if (endpoint->transport != io::Transport::tcp && endpoint->transport != io::Transport::unix_stream) {
        return std::unexpected("'" + text + "' is not an endpoint for HTTP: write HOST:PORT or unix:PATH");
    }
    auto addresses = io::listening_addresses(*endpoint);
    if (!addresses) return std::unexpected(addresses.error().message);
    return *std::move(addresses);
}

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

}  // namespace

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

Server::Server(Options options) : Router(std::make_shared<State>(std::move(options))) {
    const auto checked = server::check_limits(state().options.limits);
    if (!checked) state().errors.push_back("Options::limits: " + checked.error());
}

Server::~Server() {
    if (state().server == nullptr) return;
    state().server->stop_now();
    const auto ended = wait();
    assert(ended && "a handler does not destroy the server that runs it");
    const std::lock_guard guard(state().starting);  // the stop() that caused the end may still be returning
    state().server.reset();
}

const std::vector<std::string>& Server::errors() const {
    State& own = state();
    for (const std::string& error : own.routes.errors()) {
        if (std::ranges::find(own.errors, error) == own.errors.end()) own.errors.push_back(error);
    }
    return own.errors;
}

std::unique_ptr<route::Router> Server::make_router(io::Core& core) {
    return std::make_unique<ProgramRouter>(core, state().routes, state().files);
}

const Options& Server::options() const { return state().options; }

std::expected<void, std::string> Server::start(std::string_view endpoint) { return start_at({std::string(endpoint)}); }

std::expected<void, std::string> Server::start_at(const std::vector<std::string>& endpoints) {
    auto started = open_and_start(endpoints);
    if (!started && state().server == nullptr) state().has_started = false;  // routes may be added for the next try
    return started;
}

std::expected<void, std::string> Server::open_and_start(const std::vector<std::string>& endpoints) {
    if (state().server != nullptr) return std::unexpected("the server has been started already");
    if (!errors().empty()) return std::unexpected(errors().front());
    if (endpoints.empty()) return std::unexpected("no endpoint was given: name one, such as 127.0.0.1:8080");
    server::ServerOptions options;
    const Options& own = state().options;
    options.threads = own.threads;
    options.limits = own.limits;
    options.hosts = server::only_for(own.hosts);
    options.log.format = log_format(own);
    if (own.access_log != "-") options.log.path = own.access_log;
    for (const std::string& endpoint : endpoints) {
        auto addresses = addresses_of(endpoint);
        if (!addresses) return std::unexpected(std::move(addresses.error()));
        options.listen.insert(options.listen.end(), addresses->begin(), addresses->end());
    }
    state().has_started = true;
    auto opened = server::Server::open(options, [this](io::Core& core) { return make_router(core); });
    if (!opened) return std::unexpected(sentence(opened.error()));
    const std::lock_guard guard(state().starting);
    state().server = *std::move(opened);
    state().server->start();
    if (state().stops_wanted > 0) state().server->drain();
    return {};
}

void Server::stop() {
    // A thread that waits may destroy the server as soon as it has ended, while this call still has to unlock.
    const auto own = shared_state();
    const std::lock_guard guard(own->starting);
    const bool is_first = ++own->stops_wanted == 1;
    if (own->server == nullptr) return;
    if (is_first) {
        own->server->drain();
    } else {
        own->server->stop_now();
    }
}

void Server::reopen_log() {
    const std::lock_guard guard(state().starting);
    if (state().server != nullptr) state().server->reopen_log();
}

std::expected<void, std::string> Server::wait() {
    const auto own = shared_state();
    server::Server* const server = own->started_server();
    if (server == nullptr) return {};
    if (server->is_own_thread()) {
        return std::unexpected("wait() is called by a handler of the server: it would wait for itself");
    }
    const std::lock_guard guard(own->ending);
    server->wait();
    return {};
}

std::vector<io::SocketAddress> Server::local() const {
    const server::Server* const server = state().started_server();
    return server == nullptr ? std::vector<io::SocketAddress>() : server->local();
}

std::uint16_t Server::port() const {
    const auto addresses = local();
    return addresses.empty() ? std::uint16_t{0} : addresses.front().port;
}

int Server::run(std::string_view endpoint) {
    io::raise_descriptor_limit();
    std::vector<int> taken{SIGTERM, SIGINT};
    if (!state().options.access_log.empty()) taken.push_back(SIGUSR1);
    const io::SignalWatcher signals(taken, [this](int signal) {
        if (signal == SIGUSR1) {
            reopen_log();
        } else {
            stop();
        }
    });
    const auto started = start(endpoint);
    if (!started) {
        std::fprintf(stderr, "%s\n", started.error().c_str());
        return 1;
    }
    if (state().options.announces) {
        for (const io::SocketAddress& address : local()) {
            const std::string text = io::endpoint_at(address).text();
            const bool is_ip = text.starts_with("tcp://");
            io::write_patiently(STDERR_FILENO,
                                "Listening on " + (is_ip ? "http://" + text.substr(6) + "/" : text) + "\n");
        }
    }
    const auto ended = wait();
    if (ended) return 0;
    std::fprintf(stderr, "%s\n", ended.error().c_str());
    return 1;
}

}  // namespace portico
