// portico/embed/server.cc — see server.h.
#include "portico/embed/server.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "portico/acme/answers.h"
#include "portico/acme/challenges.h"
#include "portico/acme/documents.h"
#include "portico/acme/names.h"
#include "portico/acme/service.h"
#include "portico/embed/background.h"
#include "portico/embed/pages.h"
#include "portico/embed/router_state.h"
#include "portico/handler/redirect.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/net/own_names.h"
#include "portico/io/net/resolve.h"
#include "portico/io/signals.h"
#include "portico/route/pattern.h"
#include "portico/route/trusted_proxies.h"
#include "portico/server/certificates.h"
#include "portico/server/local_authority.h"
#include "portico/server/server.h"
#include "portico/server/server_certificates.h"
#include "portico/server/web_endpoint.h"

namespace portico {

namespace {

std::uint64_t next_server_number() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

BackgroundLimits background_limits(const Options& options) {
    return {options.stop_hooks_time_max, options.blocked_warning_after, options.spawned_max};
}

// Whoever has a certificate for a name expects it to be answered.
std::vector<std::string> hosts_of(const Options& options) {
    std::vector<std::string> hosts = options.hosts;
    if (!hosts.empty()) hosts.insert(hosts.end(), options.acme.names.begin(), options.acme.names.end());
    return hosts;
}

}  // namespace

struct Server::Control {
    Control(Options the_options, std::shared_ptr<State> the_routes)
        : options(std::move(the_options)),
          log(share(options.log)),
          background(options.threads, background_limits(options), log),
          own(the_routes),
          routes(std::move(the_routes)) {}

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
        state.routes.hosts = route::only_for(hosts_of(options));
        if (challenges != nullptr) state.routes.precedence = acme::answers_with(challenges);
        state.routes.proxies = proxies.value_or(nullptr);
        state.routes.unstated_format = route::PageFormat::text;
        state.routes.content_of_refused = route::ContentUse::reads;
        state.routes.outermost = outermost_of(state.hooks != nullptr ? state.hooks : own->hooks);
        state.log = log;
    }

    // Never that of another server of this process.
    const std::uint64_t number = next_server_number();

    const Options options;
    const std::shared_ptr<const Log> log;  // null: standard error
    // Null if none is trusted.
    const std::expected<std::shared_ptr<const route::TrustedProxies>, std::string> proxies =
        route::TrustedProxies::make(options.trusted_proxies, options.forwarded_fields);
    Background background;
    const std::shared_ptr<const State> own;  // the routes that were added to the server itself
    // What is shown to authorities; null if nothing is ordered.
    const std::shared_ptr<acme::Challenges> challenges =
        options.acme.names.empty() ? nullptr : std::make_shared<acme::Challenges>();
    // Any thread may call stop() while start() opens the server, which is then stopped as soon as it is open; and
    // replace() while another thread does the same.
    std::mutex changing;
    std::unique_ptr<server::Server> server;
    std::unique_ptr<server::ServerCertificates> certificates;  // null without TLS
    std::shared_ptr<State> routes;                             // with which it answers
    unsigned replacements = 0;
    unsigned stops_wanted = 0;  // calls of stop()
    std::mutex ending;          // if several threads call wait(), the first joins the server's threads
};

namespace {

// A state's routes, which share its lifetime.
std::shared_ptr<const route::Routes> routes_of(const std::shared_ptr<Router::State>& state) {
    return {state, &state->routes};
}

std::expected<void, std::string> plan_acme(const AcmeOptions& wanted, acme::ServiceOptions& plan) {
    for (const std::string& text : wanted.names) {
        auto name = acme::read_name(text);
        if (!name) return std::unexpected("no certificate can be ordered for '" + text + "': " + name.error());
        if (name->starts_with('*') && wanted.dns_hook.empty()) {
            return std::unexpected("a certificate for '" + *name + "' is only given for a proof by DNS: dns_hook");
        }
        if (std::ranges::find(plan.names, *name) == plan.names.end()) plan.names.push_back(*std::move(name));
    }
    for (const std::string& directory : wanted.directories) {
        if (!acme::is_https(directory)) return std::unexpected("'" + directory + "' is not an https:// address");
        acme::AuthorityOptions authority;
        authority.directory = directory;
        authority.email = wanted.email;
        plan.authorities.push_back(std::move(authority));
    }
    if (plan.authorities.empty()) return std::unexpected("there is no directory to order certificates from");
    const auto is_known = [](const std::string& type) { return type == "http-01" || type == "tls-alpn-01"; };
    if (wanted.challenges.empty() || !std::ranges::all_of(wanted.challenges, is_known)) {
        return std::unexpected("challenges can be \"http-01\" and \"tls-alpn-01\"");
    }
    plan.types = wanted.challenges;
    plan.folder = wanted.folder.empty() ? server::acme_folder() : wanted.folder;
    plan.trusted = wanted.authorities;
    plan.dns_hook = wanted.dns_hook;
    return {};
}

// Whose certificates are used, if an endpoint needs some.
enum class Need : std::uint8_t { none, some };

std::expected<server::CertificatePlan, std::string> certificate_plan(const Options& options, Need need) {
    server::CertificatePlan plan;
    const bool is_refused = options.unknown_names == UnknownNames::refused;
    if (is_refused) plan.unknown_names = tls::UnknownNames::refused;
    if (options.early_data == EarlyData::safe_methods) plan.early_data = server::begin_early_data(options.limits);
    plan.stapling = options.stapling;
    plan.client_authorities = options.client_authorities;
    plan.clients = options.clients;
    if (!options.certificates.empty()) {
        if (!options.acme.names.empty()) {
            return std::unexpected("Options::acme orders certificates, so that Options::certificates have no use");
        }
        plan.use = server::CertificateUse::files;
        plan.files = options.certificates;
    } else if (!options.acme.names.empty()) {
        plan.use = server::CertificateUse::acme;
        const auto planned = plan_acme(options.acme, plan.acme);
        if (!planned) return std::unexpected("Options::acme: " + planned.error());
    } else if (need == Need::some) {
        plan.use = server::CertificateUse::local;
        plan.names = io::names_of_this_machine();
        plan.names.insert(plan.names.end(), options.local_names.begin(), options.local_names.end());
    }
    return plan;
}

// Where the options for these certificates are, for messages.
std::string_view option_of(server::CertificateUse use) {
    switch (use) {
        case server::CertificateUse::files: return "Options::certificates: ";
        case server::CertificateUse::acme: return "Options::acme: ";
        case server::CertificateUse::local: return "no local certificate: ";
        case server::CertificateUse::none: break;
    }
    return "";
}

// Null if there is nothing to protect.
std::expected<std::unique_ptr<server::ServerCertificates>, std::string> open_certificates(
    const Options& options, Need need, const std::shared_ptr<acme::Challenges>& challenges,
    const std::shared_ptr<const Log>& log) {
    auto plan = certificate_plan(options, need);
    if (!plan) return std::unexpected(plan.error());
    const server::CertificateUse use = plan->use;
    if (use == server::CertificateUse::none) return nullptr;
    plan->challenges = challenges;
    auto keys = server::TicketKeySource::open(options.ticket_keys, std::chrono::steady_clock::now());
    if (!keys) return std::unexpected("Options::ticket_keys: " + keys.error().message);
    const auto tell_operator = [log](const server::CertificateNews& news) { tell(log.get(), news.message); };
    auto opened = server::ServerCertificates::open(*std::move(plan), *std::move(keys), tell_operator);
    if (!opened) return std::unexpected(std::string(option_of(use)) + opened.error().message);
    return *std::move(opened);
}

server::LogFormat log_format(const Options& options) {
    if (options.access_log.empty() && !options.access_lines) return server::LogFormat::off;
    switch (options.log_format) {
        case LogFormat::json: return server::LogFormat::json;
        case LogFormat::combined: return server::LogFormat::combined;
        case LogFormat::text: break;
    }
    return server::LogFormat::text;
}

// The function for lines: what it throws is told instead.
Log without_exceptions(Log lines, std::shared_ptr<const Log> log) {
    return [lines = std::move(lines), log = std::move(log)](std::string_view line) {
        try {
            lines(line);
        } catch (...) {
            tell_of_error(log.get(), "the function for the access log " + describe_exception(std::current_exception()));
        }
    };
}

std::string sentence(const server::OpenError& error) {
    if (error.what == server::OpenError::What::limits) return "Options::limits: " + error.message;
    if (error.what == server::OpenError::What::log) return error.message;
    if (error.what == server::OpenError::What::kernel) return io::describe(error.error);
    return "can't listen on " + error.address.text() + ": " + io::describe(error.error);
}

std::expected<std::vector<server::WebEndpoint>, std::string> parse(const std::vector<std::string>& texts) {
    std::vector<server::WebEndpoint> endpoints;
    for (const std::string& text : texts) {
        auto parsed = server::parse_web_endpoint(text);
        if (!parsed) return std::unexpected("'" + text + "' is not an endpoint: " + parsed.error().message);
        const io::EndpointScheme scheme = parsed->endpoint.scheme;
        if (scheme != io::EndpointScheme::tcp && scheme != io::EndpointScheme::unix_stream) {
            return std::unexpected("'" + text + "' is not an endpoint for HTTP: write HOST:PORT or unix:PATH");
        }
        endpoints.push_back(*std::move(parsed));
    }
    return endpoints;
}

// Adds the endpoint's addresses to those of the options.
std::expected<void, std::string> add_endpoint(const server::WebEndpoint& one, server::ServerOptions& options) {
    const auto addresses = io::listening_addresses(one.endpoint);
    if (!addresses) return std::unexpected(addresses.error().message);
    const bool redirects = one.speech == server::Speech::plain && options.tls != nullptr;
    std::vector<io::SocketAddress>& all = redirects ? options.redirect : options.listen;
    all.insert(all.end(), addresses->begin(), addresses->end());
    return {};
}

std::string announcement(const io::SocketAddress& address, const std::string& scheme) {
    const std::string text = io::endpoint_at(address).text();
    const bool is_ip = text.starts_with("tcp://");
    return "Listening on " + (is_ip ? scheme + "://" + text.substr(6) + "/" : text);
}

}  // namespace

Server::Server(Options options)
    : Router(std::make_shared<State>()), control_(std::make_shared<Control>(std::move(options), state())) {
    state()->log = control_->log;
}

Server::~Server() {
    if (control_->server == nullptr) return;
    control_->server->stop_now();
    control_->background.hurry_stop();
    const auto ended = wait();
    assert(ended && "a handler does not destroy the server that runs it");
    const std::lock_guard guard(control_->changing);  // the stop() that caused the end may still be returning
    control_->certificates.reset();
    control_->server.reset();
}

std::vector<std::string> Server::errors() const {
    std::vector<std::string> all = control_->present_routes()->all_errors();
    const auto checked = server::check_limits(control_->options.limits);
    if (!checked) all.insert(all.begin(), "Options::limits: " + checked.error());
    for (const std::string& host : control_->options.hosts) {
        const std::string wrong = route::wrong_of_listed(host);
        if (!wrong.empty()) all.insert(all.begin(), "Options::hosts: '" + host + "': " + wrong);
    }
    const auto& proxies = control_->proxies;
    if (!proxies) all.insert(all.begin(), "Options::trusted_proxies: " + proxies.error());
    const std::vector<std::string>& wrong = control_->background.errors();
    all.insert(all.end(), wrong.begin(), wrong.end());
    return all;
}

void Server::every(std::chrono::milliseconds period, CoreFunction function, std::source_location where) {
    if (state()->is_too_late("every()", where)) return;
    control_->background.add_turns("every() at " + route::place_of(where), period, std::move(function));
}

void Server::on_start(CoreFunction function, std::source_location where) {
    if (state()->is_too_late("on_start()", where)) return;
    control_->background.add_start("on_start() at " + route::place_of(where), std::move(function));
}

void Server::on_core_start(CoreFunction function, std::source_location where) {
    if (state()->is_too_late("on_core_start()", where)) return;
    control_->background.add_core_start("on_core_start() at " + route::place_of(where), std::move(function));
}

void Server::on_stop(CoreFunction function, std::source_location where) {
    if (state()->is_too_late("on_stop()", where)) return;
    control_->background.add_stop("on_stop() at " + route::place_of(where), std::move(function));
}

Outcome Server::spawn(CoreFunction function) { return control_->background.spawn(std::move(function)); }

Background& Server::background() const { return control_->background; }

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

std::expected<void, std::string> Server::start(const Endpoints& endpoints) {
    auto started = open_and_start(endpoints.texts());
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
    options.work = &control_->background;
    options.log.format = log_format(own);
    if (own.log) options.log.tell = [log = control_->log](std::string_view sentence) { tell(log.get(), sentence); };
    if (own.access_log != "-") options.log.path = own.access_log;
    if (own.access_lines) {
        options.log.path.clear();
        options.log.lines = without_exceptions(own.access_lines, control_->log);
    }
    const auto parsed = parse(endpoints);
    if (!parsed) return std::unexpected(parsed.error());
    const bool is_secure =
        std::ranges::any_of(*parsed, [](const auto& one) { return one.speech == server::Speech::tls; });
    auto certificates =
        open_certificates(own, is_secure ? Need::some : Need::none, control_->challenges, control_->log);
    if (!certificates) return std::unexpected(certificates.error());
    if (*certificates != nullptr) options.tls = (*certificates)->context();
    options.strict_transport_security = own.strict_transport_security;
    for (const server::WebEndpoint& endpoint : *parsed) {
        auto added = add_endpoint(endpoint, options);
        if (!added) return added;
    }
    if (options.listen.empty())
        return std::unexpected("http:// leads to HTTPS here, and there is no endpoint for that");
    options.redirecting = handler::routes_to_https;
    control_->prepare(*state());
    state()->is_in_use = true;
    const std::shared_ptr<State> used = control_->present_routes();
    auto opened = server::Server::open(options, routes_of(used));
    if (!opened) return std::unexpected(sentence(opened.error()));
    auto begun = (*opened)->start();
    if (!begun) return begun;
    const std::lock_guard guard(control_->changing);
    control_->server = *std::move(opened);
    const bool were_replaced = control_->routes != used;  // in the meantime
    if (were_replaced) control_->server->replace(routes_of(control_->routes));
    control_->certificates = *std::move(certificates);
    if (control_->certificates != nullptr) {
        control_->certificates->keep([server = control_->server.get()](const auto& tls) { server->replace_tls(tls); });
    }
    if (control_->stops_wanted > 0) control_->server->drain();
    return {};
}

void Server::stop() {
    // A thread that waits may destroy the server as soon as it has ended, while this call still has to unlock.
    const auto own = control_;
    const std::lock_guard guard(own->changing);
    const bool is_first = ++own->stops_wanted == 1;
    if (own->server == nullptr) return own->background.hurry_start();  // if it is starting
    if (is_first) {
        own->server->drain();
    } else {
        own->server->stop_now();
        own->background.hurry_stop();
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
    if (server == nullptr) return {};
    std::vector<io::SocketAddress> all = server->local();
    all.insert(all.end(), server->redirecting().begin(), server->redirecting().end());
    return all;
}

std::uint16_t Server::port() const {
    const auto addresses = local();
    return addresses.empty() ? std::uint16_t{0} : addresses.front().port;
}

int Server::run(const Endpoints& endpoints) {
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
    const auto started = start(endpoints);
    const Log* const log = control_->log.get();
    if (!started) {
        tell(log, started.error());
        return 1;
    }
    if (control_->options.announces) {
        const std::string scheme = control_->certificates == nullptr ? "http" : "https";
        const server::Server& server = *control_->started_server();
        for (const io::SocketAddress& address : server.local()) tell(log, announcement(address, scheme));
        for (const io::SocketAddress& address : server.redirecting()) tell(log, announcement(address, "http"));
        const Options& own = control_->options;
        if (scheme == "https" && own.certificates.empty() && own.acme.names.empty()) {
            tell(log, "Clients warn of the certificate until they trust " +
                          server::authority_path(server::authority_folder()));
        }
    }
    const auto ended = wait();
    if (ended) return 0;
    tell(log, ended.error());
    return 1;
}

}  // namespace portico
