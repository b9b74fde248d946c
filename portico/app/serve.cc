// portico/app/serve.cc — `portico serve`: a folder over HTTP.
//
// Room app: see command.h.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "portico/app/banner.h"
#include "portico/app/browser.h"
#include "portico/app/certificates.h"
#include "portico/app/commands.h"
#include "portico/app/machine.h"
#include "portico/app/notice.h"
#include "portico/app/qr.h"
#include "portico/app/retype.h"
#include "portico/app/serve_plan.h"
#include "portico/app/serve_trouble.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/folders.h"
#include "portico/handler/files/live.h"
#include "portico/handler/redirect.h"
#include "portico/http/target.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/own_names.h"
#include "portico/io/net/ports.h"
#include "portico/io/net/resolve.h"
#include "portico/io/signals.h"
#include "portico/server/server.h"

namespace portico::app {
namespace {

using server::Server;

// How long requests in flight may take after Ctrl-C: the user is waiting for the prompt.
constexpr std::chrono::seconds hurry{3};

// Applies signals to the server. A signal may come before there is a server: they are watched before the first thread
// starts.
class Steering {
public:
    Steering() : at_terminal_(::isatty(STDIN_FILENO) == 1 || ::isatty(STDOUT_FILENO) == 1) {}

    // Returns false if the end was requested in the meantime; then nothing must be served.
    bool take(Server& server) {
        const std::lock_guard guard(lock_);
        server_ = &server;
        return !ending_;
    }
    void give_back() {
        const std::lock_guard guard(lock_);
        server_ = nullptr;
    }

    void on_signal(int signal) {
        const std::lock_guard guard(lock_);
        switch (signal) {
            case SIGHUP:
                if (at_terminal_)
                    end(signal);
                else
                    reopen();
                return;
            case SIGUSR1: reopen(); return;
            default: end(signal);
        }
    }

private:
    void reopen() {
        if (server_ != nullptr) server_->reopen_log();
    }
    void end(int signal) {
        if (server_ == nullptr) {
            ending_ = true;
        } else if (std::exchange(ending_, true)) {
            server_->stop_now();
        } else if (signal == SIGINT) {
            server_->drain(std::min<std::chrono::milliseconds>(hurry, server_->limits().shutdown_time_max));
        } else {
            server_->drain();
        }
    }

    const bool at_terminal_;
    std::mutex lock_;
    Server* server_ = nullptr;  // guarded by lock_
    bool ending_ = false;       // guarded by lock_
};

// Returns the first port from `from` on which a server can listen at `ip` now, or 8080 if a hundred ports are taken.
std::uint16_t free_port(const io::IpAddress& ip, unsigned from) {
    const auto kernel = io::make_epoll_kernel();
    io::ListenOptions options;
    options.port_use = io::PortUse::tested;
    for (unsigned port = from; kernel && port < from + 100 && port < 65'536; ++port) {
        const auto number = static_cast<std::uint16_t>(port);
        const auto opened = (*kernel)->listen(io::SocketAddress::of(ip, number), options);
        if (!opened) continue;
        const Fd closed_at_once(**kernel, opened->number);
        return number;
    }
    return 8080;
}

int complain_of_listening(const Arguments& arguments, const server::OpenError& failure) {
    const io::SocketAddress& address = failure.address;
    const unsigned from = failure.error.number == EACCES ? 8080U : address.port + 1U;
    const std::uint16_t other = address.family == io::Family::unix_path ? 0 : free_port(address.ip, from);
    const Misuse trouble = trouble_with_listening(arguments, address, failure.error, other);
    return complain(trouble.message, trouble.advice);
}

// Where to look if no thread can be started.
constexpr std::string_view advice_on_threads = "ulimit -u\nulimit -v\nsystemctl show --property=TasksMax UNIT";

int complain_of_opening(const Arguments& arguments, const server::OpenError& failure) {
    switch (failure.what) {
        case server::OpenError::What::listen: return complain_of_listening(arguments, failure);
        case server::OpenError::What::limits:
        case server::OpenError::What::log: return complain(failure.message);
        case server::OpenError::What::kernel: {
            const bool lacks_thread = failure.error.number == EAGAIN;
            return complain(io::describe(failure.error), lacks_thread ? advice_on_threads : "");
        }
    }
    return exit_failure;
}

// On a machine without IPv6, a name or "every address" may still give IPv6 addresses; the rest of the list is enough
// there. Returns whether `listen` has changed and is worth another try.
bool without_ipv6(std::vector<io::SocketAddress>& listen, const server::OpenError& failure) {
    const bool is_absent = failure.error.number == EAFNOSUPPORT || failure.error.number == EADDRNOTAVAIL;
    if (failure.what != server::OpenError::What::listen || !is_absent) return false;
    const auto at = std::ranges::find(listen, failure.address);
    if (at == listen.end() || at->family != io::Family::ipv6) return false;
    if (at->ip.reach() == io::Reach::unspecified) {
        *at = io::SocketAddress::of(io::IpAddress::any(io::Family::ipv4), at->port);
        return true;
    }
    const auto twin = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), at->port);
    if (at->ip.reach() != io::Reach::loopback || std::ranges::find(listen, twin) == listen.end()) return false;
    listen.erase(at);
    return true;
}

struct Opened {
    std::unique_ptr<Server> server;
    std::string taken_port;  // for the banner
};
using OpenResult = std::expected<Opened, server::OpenError>;

// Opens the server, or opens it on the next free port if the default one is taken.
OpenResult open_server(server::ServerOptions options, PortChoice choice,
                       const std::shared_ptr<const route::Routes>& routes) {
    constexpr unsigned ports_tried = 20;
    Opened opened;
    const std::uint16_t wanted = options.listen.front().port;
    for (;;) {
        auto server = Server::open(options, routes);
        if (server) {
            opened.server = std::move(*server);
            if (!opened.taken_port.empty()) {
                opened.taken_port += fmt::format("; using port {} instead.", opened.server->local().front().port);
            }
            return opened;
        }
        if (without_ipv6(options.listen, server.error())) continue;
        if (without_ipv6(options.redirect, server.error())) continue;
        io::SocketAddress& address = options.listen.front();
        const bool try_next = choice == PortChoice::ours && server.error().what == server::OpenError::What::listen &&
                              server.error().error.number == EADDRINUSE && address.port != 0;
        if (!try_next) return std::unexpected(std::move(server.error()));
        if (opened.taken_port.empty()) {
            const auto holder = io::who_holds(address);
            opened.taken_port =
                fmt::format("Port {} is taken{}", wanted, holder ? " by " + io::describe_holders(*holder) : "");
        }
        const unsigned next = address.port + 1U;
        address.port = next < wanted + ports_tried ? static_cast<std::uint16_t>(next) : 0;
    }
}

// If the path leads to a file, that file is all that is served of its folder.
void serve_only_file(ServePlan& plan) {
    std::error_code failure;
    const std::filesystem::path whole = std::filesystem::canonical(plan.folder.root, failure);
    if (failure || !std::filesystem::is_regular_file(whole, failure)) return;
    plan.folder.root = whole.parent_path().string();
    plan.folder.only_file = whole.filename().string();
}

std::string served_path(const files::FolderOptions& folder) {
    return folder.only_file.empty() ? folder.root : (std::filesystem::path(folder.root) / folder.only_file).string();
}

// Where the file is that is served, below a door's URL.
std::string path_to_show(const files::FolderOptions& folder) {
    std::string path;
    http::append_encoded_path(path, folder.only_file);
    return path;
}

std::string shown_root(const std::string& root) {
    std::error_code failure;
    const std::filesystem::path whole = std::filesystem::canonical(root, failure);
    return failure ? root : whole.string();
}

int descriptor_of(BannerTo where) { return where == BannerTo::standard_error ? STDERR_FILENO : STDOUT_FILENO; }

void tell(const ServePlan& plan, std::string_view text) {
    switch (plan.banner_to) {
        case BannerTo::standard_output: say_in_passing(text); return;
        case BannerTo::standard_error: say_aside(text); return;
    }
}

// Returns the first port that the server listens on, or 0 if there are only Unix sockets.
std::uint16_t port_of(const Server& server) {
    for (const io::SocketAddress& address : server.local()) {
        if (address.family != io::Family::unix_path) return address.port;
    }
    return 0;
}

// Returns the command line that lets other machines connect, with the port that was asked for.
std::string wider_line(const Arguments& arguments, const ServePlan& plan, std::uint16_t port) {
    if (plan.port_choice == PortChoice::ours || port == 0) return retyped(arguments, "--lan");
    return retyped(arguments, fmt::format("--lan -p {}", port));
}

// A single-page application has an index.html at its root.
void note_missing_index(const ServePlan& plan) {
    if (plan.folder.missing_path != files::MissingPath::root_index) return;
    std::error_code unknown;
    for (const std::string& name : plan.folder.index) {
        if (std::filesystem::exists(std::filesystem::path(plan.folder.root) / name, unknown)) return;
    }
    note(fmt::format("--spa: there is no index.html in '{}', so missing pages are answered with 404", plan.folder.root),
         "ls " + shell_quoted(plan.folder.root));
}

void show_qr(const Arguments& arguments, const ServePlan& plan, const std::vector<Door>& doors) {
    const Door* door = door_for_others(doors);
    if (door == nullptr) {
        note("a phone cannot reach this machine's loopback address", retyped(arguments, "--lan"));
        door = door_for_us(doors);
    }
    if (door == nullptr) return;
    const bool coloured = wants_colour(plan.colouring, descriptor_of(plan.banner_to));
    const auto code = qr_code(door->url, coloured ? QrColours::black_on_white : QrColours::the_terminals);
    if (code) tell(plan, fmt::format("\n{}{}\n", *code, door->url));
}

void greet(const Arguments& arguments, const ServePlan& plan, const Opened& opened) {
    const std::vector<OwnAddress> own = own_addresses();
    std::vector<Door> doors =
        doors_of(opened.server->local(), own,
                 plan.tls.certificates.use == TlsUse::none ? http::Scheme::http : http::Scheme::https);
    for (Door& door : doors) {
        if (door.is_url) door.url += path_to_show(plan.folder);
    }
    for (Door& door : doors_of(opened.server->redirecting(), own)) {
        door.who += door.who.empty() ? "leads to HTTPS" : ", leads to HTTPS";
        doors.push_back(std::move(door));
    }
    if (plan.talk == Talk::banner) {
        Banner banner;
        banner.root = shown_root(served_path(plan.folder));
        banner.doors = doors;
        banner.taken_port = opened.taken_port;
        banner.container = container_kind();
        banner.port = port_of(*opened.server);
        banner.wider = wider_line(arguments, plan, banner.port);
        banner.asks = plan.folder.passwords.users.empty() ? Asks::nothing : Asks::a_password;
        const bool is_at_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(descriptor_of(plan.banner_to)) == 1;
        if (is_at_terminal) banner.ending = "Press Ctrl-C to stop.";
        tell(plan, banner_text(banner));
        if (plan.folder.live == files::Live::on) tell(plan, "Pages in the browser reload when a file changes.\n");
        if (plan.tls.certificates.use == TlsUse::local)
            tell(plan, "Clients warn of the certificate until they trust it: portico cert trust\n");
    } else if (!opened.taken_port.empty()) {
        note(opened.taken_port);
    }
    note_missing_index(plan);
    if (plan.qr == ShowQr::yes) show_qr(arguments, plan, doors);
    if (plan.browser == OpenBrowser::no) return;
    const Door* const door = door_for_us(doors);
    const auto why_not =
        door == nullptr ? std::optional<std::string>("a browser cannot open a Unix socket") : why_not_opened(door->url);
    if (why_not) note(*why_not);
}

std::expected<std::vector<io::SocketAddress>, std::string> addresses_of(const std::vector<io::Endpoint>& endpoints) {
    std::vector<io::SocketAddress> all;
    for (const io::Endpoint& endpoint : endpoints) {
        const auto addresses = io::listening_addresses(endpoint);
        if (!addresses) {
            return std::unexpected(fmt::format("cannot listen on {}: {}", endpoint.text(), addresses.error().message));
        }
        all.insert(all.end(), addresses->begin(), addresses->end());
    }
    return all;
}

// With more connections than descriptors, the kernel would refuse some; our own limit closes the idlest one instead.
void fit_to_descriptors(const Arguments& arguments, const ServePlan& plan, server::ServerOptions& options) {
    constexpr std::size_t besides = 64;
    constexpr std::size_t fewest = 16;
    const std::size_t descriptors = io::raise_descriptor_limit();
    const std::size_t reserved = besides + options.threads * (plan.folder.cache_limits.descriptors_max + besides);
    const std::size_t room = descriptors > reserved + fewest ? descriptors - reserved : fewest;
    if (options.limits.connections_max <= room) return;
    options.limits.connections_max = room;
    const auto is_set = [&arguments](std::string_view name) {
        return std::ranges::any_of(arguments.values("set"),
                                   [name](std::string_view setting) { return setting.starts_with(name); });
    };
    // As in the defaults, one address gets a quarter at most.
    if (!is_set("connections_per_address_max=")) options.limits.connections_per_address_max = room / 4;
    if (!is_set("connections_max=")) return;
    note(fmt::format("connections_max is lowered to {}: this process may open only {} descriptors", room, descriptors),
         "ulimit -Hn");
}

// A folder that is served to this machine or its network must not be read by web pages that somebody there visits. With
// --listen beyond loopback, names are not checked: a site on the Internet has names that we don't know.
route::HostOptions hosts_of(const ServePlan& plan) {
    using route::HostsChecked;
    const bool is_for_lan = plan.audience == Audience::lan;
    route::HostOptions hosts{.checked = is_for_lan ? HostsChecked::names_everywhere : HostsChecked::on_loopback,
                             .names = io::own_names(io::host_name())};
    hosts.names.insert(hosts.names.end(), plan.hosts.begin(), plan.hosts.end());
    hosts.names.insert(hosts.names.end(), plan.tls.certificates.acme.names.begin(),
                       plan.tls.certificates.acme.names.end());
    return hosts;
}

// What a client on this machine or in its network may call this server.
std::vector<std::string> names_to_certify(const ServePlan& plan) {
    std::vector<std::string> names = io::names_of_this_machine();
    for (const std::string& name : plan.hosts) {
        if (name != "*" && std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
}

void note_unwatched_folders() {
    note("--live: there are too many folders to watch; changes in the deepest ones go unnoticed",
         "sysctl fs.inotify.max_user_watches");
}

int serve(const Arguments& arguments, const ServePlan& plan) {
    io::ignore_broken_pipes();
    auto steering = std::make_shared<Steering>();
    const io::SignalWatcher watcher(
        {SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [steering](int signal) { steering->on_signal(signal); },
        io::SignalWatcher::Afterwards::ignored);
    if (!watcher.is_watching()) {
        return complain("the thread that waits for signals could not be started", advice_on_threads);
    }
    const auto folder = files::Folder::open(io::real_file_system(), plan.folder);
    if (!folder) {
        const Misuse trouble = trouble_with_root(arguments, plan.folder.root, folder.error());
        return complain(trouble.message, trouble.advice);
    }
    std::optional<files::LiveReload> live;  // outlives the server
    if (plan.folder.live == files::Live::on) {
        const auto watched = live.emplace(plan.folder.live_limits.streams_max).watch(**folder, note_unwatched_folders);
        if (!watched) {
            const Misuse trouble = trouble_with_watching(plan.folder.root, watched.error());
            return complain(trouble.message, trouble.advice);
        }
    }
    server::ServerOptions options;
    server::CertificatePlan certificate_plan = plan.tls.certificates;
    if (certificate_plan.use == TlsUse::local) certificate_plan.names = names_to_certify(plan);
    std::unique_ptr<server::ServerCertificates> certificates;
    if (certificate_plan.use != TlsUse::none) {
        auto opened = open_certificates(certificate_plan, plan.tls.ticket_keys);
        if (!opened) return complain(opened.error().message, advice_of(opened.error()));
        certificates = *std::move(opened);
        options.tls = certificates->context();
    }
    route::Precedence precedence = certificates == nullptr ? route::Precedence() : certificates->precedence();
    options.strict_transport_security = plan.tls.strict_transport_security;
    auto addresses = addresses_of(plan.listen);
    if (!addresses) return complain(addresses.error(), "portico interfaces");
    options.listen = std::move(*addresses);
    auto redirecting = addresses_of(plan.redirect);
    if (!redirecting) return complain(redirecting.error(), "portico interfaces");
    options.redirect = std::move(*redirecting);
    options.redirecting = handler::routes_to_https;
    options.threads = plan.threads != 0 ? plan.threads : allowed_cores(cores_of_affinity());
    options.limits = plan.limits;
    options.log = plan.log;
    fit_to_descriptors(arguments, plan, options);
    const OpenResult opened = open_server(std::move(options), plan.port_choice,
                                          files::routes_for(*folder, hosts_of(plan), std::move(precedence),
                                                            live ? live->handler() : route::ForCore<route::Handler>()));
    if (!opened) return complain_of_opening(arguments, opened.error());
    if (!steering->take(*opened->server)) return exit_ok;
    // The first line of the log must come after the banner: until start(), connections wait in the backlog.
    greet(arguments, plan, *opened);
    opened->server->start();
    if (certificates != nullptr) {
        certificates->keep([&server = *opened->server](const auto& tls) { server.replace_tls(tls); });
    }
    opened->server->wait();
    steering->give_back();
    certificates.reset();  // before the server to which it gives what is new
    return exit_ok;
}

int run_serve(const Arguments& arguments) {
    auto plan = plan_from(arguments);
    if (!plan) return complain_of_misuse(plan.error().message, plan.error().advice);
    serve_only_file(*plan);
    if (!plan->folder.only_file.empty() && plan->folder.uploads != files::Uploads::off) {
        return complain_of_misuse("--upload needs a folder to put files into", "portico serve --upload DIR");
    }
    return serve(arguments, *plan);
}

}  // namespace

Command serve_command() {
    Command command = serve_table();
    command.run = run_serve;
    return command;
}

}  // namespace portico::app
