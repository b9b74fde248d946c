// portico/embed/server.cc — see server.h.
#include "portico/embed/server.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

#include "portico/acme/staple_service.h"
#include "portico/embed/router_state.h"
#include "portico/handler/redirect.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/net/resolve.h"
#include "portico/io/patient_write.h"
#include "portico/io/signals.h"
#include "portico/server/certificates.h"
#include "portico/server/server.h"
#include "portico/server/web_endpoint.h"

namespace portico {

namespace {

std::uint64_t next_server_number() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

}  // namespace

struct Server::Control {
    Control(Options the_options, std::shared_ptr<State> the_routes)
        : options(std::move(the_options)), routes(std::move(the_routes)) {}

    // Null before start().
    [[nodiscard]] server::Server* started_server() {
        const std::lock_guard guard(changing);
        return server.get();
    }
    [[nodiscard]] std::shared_ptr<State> present_routes() {
        const std::lock_guard guard(changing);
        return routes;
    }

    // What the options say about routes. Before a server answers with them.
    void prepare(State& state) const {
        if (state.is_in_use) return;
        state.routes.hosts = route::only_for(options.hosts);
        state.routes.unstated_format = route::PageFormat::text;
        state.routes.content_of_refused = route::ContentUse::reads;
    }

    // Never that of another server of this process.
    const std::uint64_t number = next_server_number();

    const Options options;
    // Any thread may call stop() while start() opens the server, which is then stopped as soon as it is open; and
    // replace() while another thread does the same.
    std::mutex changing;
    std::unique_ptr<server::Server> server;
    std::unique_ptr<acme::StapleService> staples;   // null: no OCSP responses are fetched
    std::optional<server::CertificateWatch> watch;  // of the server's certificates
    std::shared_ptr<State> routes;                  // with which it answers
    unsigned replacements = 0;
    unsigned stops_wanted = 0;  // calls of stop()
    std::mutex ending;          // if several threads call wait(), the first joins the server's threads
};

namespace {

// A state's routes, which share its lifetime.
std::shared_ptr<const route::Routes> routes_of(const std::shared_ptr<Router::State>& state) {
    return {state, &state->routes};
}

void tell_operator(const server::CertificateNews& news) { io::write_patiently(STDERR_FILENO, news.message + "\n"); }

// What the contexts of a server have in common that follow each other.
struct TlsState {
    std::shared_ptr<tls::EarlyData> early_data;  // null: none is accepted
    std::shared_ptr<tls::Staples> staples;       // null: none are fetched
};

server::OpenedCertificates open_certificates(const Options& options, const TlsState& state) {
    tls::ServerTlsOptions tls;
    tls.early_data = state.early_data;
    tls.staples = state.staples;
    const bool are_refused = options.unknown_names == UnknownNames::refused;
    if (are_refused) tls.unknown_names = tls::UnknownNames::refused;
    return server::open_certificates(options.certificates, std::move(tls), tell_operator);
}

// `options` outlive the source.
server::CertificateWatch::Source source_of(const Options& options, const TlsState& state) {
    server::CertificateWatch::Source source;
    source.state = [&options] { return server::state_of(options.certificates); };
    source.open = [&options, state] { return open_certificates(options, state); };
    source.tell = tell_operator;
    return source;
}

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

// Adds the endpoint's addresses to those of the options.
std::expected<void, std::string> add_endpoint(const std::string& text, server::ServerOptions& options) {
    const auto parsed = server::parse_web_endpoint(text);
    if (!parsed) return std::unexpected("'" + text + "' is not an endpoint: " + parsed.error().message);
    const io::Endpoint& endpoint = parsed->endpoint;
    if (endpoint.transport != io::Transport::tcp && endpoint.transport != io::Transport::unix_stream) {
        return std::unexpected("'" + text + "' is not an endpoint for HTTP: write HOST:PORT or unix:PATH");
    }
    if (parsed->speech == server::Speech::tls && options.tls == nullptr) {
        return std::unexpected("'" + text + "' needs a certificate: see Options::certificates");
    }
    const auto addresses = io::listening_addresses(endpoint);
    if (!addresses) return std::unexpected(addresses.error().message);
    const bool redirects = parsed->speech == server::Speech::plain && options.tls != nullptr;
    std::vector<io::SocketAddress>& all = redirects ? options.redirect : options.listen;
    all.insert(all.end(), addresses->begin(), addresses->end());
    return {};
}

void announce(const io::SocketAddress& address, const std::string& scheme) {
    const std::string text = io::endpoint_at(address).text();
    const bool is_ip = text.starts_with("tcp://");
    io::write_patiently(STDERR_FILENO, "Listening on " + (is_ip ? scheme + "://" + text.substr(6) + "/" : text) + "\n");
}

}  // namespace

Server::Server(Options options)
    : Router(std::make_shared<State>()), control_(std::make_shared<Control>(std::move(options), state())) {}

Server::~Server() {
    if (control_->server == nullptr) return;
    control_->server->stop_now();
    const auto ended = wait();
    assert(ended && "a handler does not destroy the server that runs it");
    const std::lock_guard guard(control_->changing);  // the stop() that caused the end may still be returning
    control_->watch.reset();
    control_->server.reset();
}

std::vector<std::string> Server::errors() const {
    std::vector<std::string> all = control_->present_routes()->all_errors();
    const auto checked = server::check_limits(control_->options.limits);
    if (!checked) all.insert(all.begin(), "Options::limits: " + checked.error());
    return all;
}

std::shared_ptr<const route::Routes> Server::routes() const {
    const std::shared_ptr<State> state = control_->present_routes();
    control_->prepare(*state);
    state->is_in_use = true;
    return routes_of(state);
}

unsigned Server::replacements() const {
    const std::lock_guard guard(control_->changing);
    return control_->replacements;
}

const Options& Server::options() const { return control_->options; }

std::expected<void, std::string> Server::replace(const RouteSet& routes) {
    const std::shared_ptr<State>& next = routes.state();
    const std::vector<std::string> errors = next->all_errors();
    if (!errors.empty()) return std::unexpected(errors.front());
    // What the server's options say about routes is part of them.
    std::uint64_t taken_by = 0;
    if (!next->server.compare_exchange_strong(taken_by, control_->number) && taken_by != control_->number) {
        return std::unexpected("these routes have been given to another server: make a new RouteSet");
    }
    const std::lock_guard guard(control_->changing);
    control_->prepare(*next);
    next->is_in_use = true;
    state()->is_in_use = true;  // routes that are added to the server now would be of no use
    control_->routes = next;
    ++control_->replacements;
    if (control_->server != nullptr) control_->server->replace(routes_of(next));
    return {};
}

std::expected<void, std::string> Server::start(std::string_view endpoint) { return start_at({std::string(endpoint)}); }

std::expected<void, std::string> Server::start_at(const std::vector<std::string>& endpoints) {
    auto started = open_and_start(endpoints);
    // Routes may be added for the next try, unless they have been replaced.
    if (!started && control_->server == nullptr) state()->is_in_use = replacements() > 0;
    return started;
}

std::expected<void, std::string> Server::open_and_start(const std::vector<std::string>& endpoints) {
    if (control_->server != nullptr) return std::unexpected("the server has been started already");
    const std::vector<std::string> wrong = errors();
    if (!wrong.empty()) return std::unexpected(wrong.front());
    if (endpoints.empty()) return std::unexpected("no endpoint was given: name one, such as 127.0.0.1:8080");
    server::ServerOptions options;
    const Options& own = control_->options;
    options.threads = own.threads;
    options.limits = own.limits;
    options.log.format = log_format(own);
    if (own.access_log != "-") options.log.path = own.access_log;
    std::optional<server::TicketKeySource> ticket_keys;
    TlsState tls_state;
    if (own.early_data == EarlyData::safe_methods) tls_state.early_data = server::begin_early_data(own.limits);
    if (!own.certificates.empty() && own.stapling == Stapling::fetched) {
        control_->staples =
            std::make_unique<acme::StapleService>([](const std::string& message) { tell_operator({message}); });
        tls_state.staples = control_->staples->staples();
    }
    if (!own.certificates.empty()) {
        const auto opened = open_certificates(own, tls_state);
        if (!opened) return std::unexpected("Options::certificates: " + opened.error().message);
        auto keys = server::TicketKeySource::open(own.ticket_keys, std::chrono::steady_clock::now());
        if (!keys) return std::unexpected("Options::ticket_keys: " + keys.error().message);
        options.tls = (*opened)->with(keys->keys());
        ticket_keys = *std::move(keys);
    }
    options.strict_transport_security = own.strict_transport_security;
    for (const std::string& endpoint : endpoints) {
        auto added = add_endpoint(endpoint, options);
        if (!added) return added;
    }
    if (options.listen.empty())
        return std::unexpected("http:// leads to HTTPS here, and there is no endpoint for that");
    options.redirecting = [hosts = own.hosts](std::uint16_t port) {
        return handler::routes_to_https(port, route::only_for(hosts));
    };
    control_->prepare(*state());
    state()->is_in_use = true;
    const std::shared_ptr<State> used = control_->present_routes();
    auto opened = server::Server::open(options, routes_of(used));
    if (!opened) return std::unexpected(sentence(opened.error()));
    const std::lock_guard guard(control_->changing);
    control_->server = *std::move(opened);
    const bool were_replaced = control_->routes != used;  // in the meantime
    if (were_replaced) control_->server->replace(routes_of(control_->routes));
    control_->server->start();
    if (ticket_keys) {
        control_->watch.emplace(*control_->server, options.tls, source_of(own, tls_state), *std::move(ticket_keys));
    }
    if (control_->stops_wanted > 0) control_->server->drain();
    return {};
}

void Server::stop() {
    // A thread that waits may destroy the server as soon as it has ended, while this call still has to unlock.
    const auto own = control_;
    const std::lock_guard guard(own->changing);
    const bool is_first = ++own->stops_wanted == 1;
    if (own->server == nullptr) return;
    if (is_first) {
        own->server->drain();
    } else {
        own->server->stop_now();
    }
}

void Server::reopen_log() {
    const std::lock_guard guard(control_->changing);
    if (control_->server != nullptr) control_->server->reopen_log();
}

std::expected<void, std::string> Server::wait() {
    const auto own = control_;
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
    const server::Server* const server = control_->started_server();
    return server == nullptr ? std::vector<io::SocketAddress>() : server->local();
}

std::uint16_t Server::port() const {
    const auto addresses = local();
    return addresses.empty() ? std::uint16_t{0} : addresses.front().port;
}

int Server::run(std::string_view endpoint) {
    io::raise_descriptor_limit();
    std::vector<int> taken{SIGTERM, SIGINT};
    if (!control_->options.access_log.empty()) taken.push_back(SIGUSR1);
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
    if (control_->options.announces) {
        const std::string scheme = control_->options.certificates.empty() ? "http" : "https";
        for (const io::SocketAddress& address : local()) announce(address, scheme);
        for (const io::SocketAddress& address : control_->started_server()->redirecting()) announce(address, "http");
    }
    const auto ended = wait();
    if (ended) return 0;
    std::fprintf(stderr, "%s\n", ended.error().c_str());
    return 1;
}

}  // namespace portico
