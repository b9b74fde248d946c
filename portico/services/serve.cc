// portico/services/serve.cc — see serve.h.
#include "portico/services/serve.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "portico/io/net/resolve.h"

namespace portico::services {
namespace {

// The data that the tasks of one serve_endpoints() share. It outlives them.
struct Serving {
    io::Core& core;
    Service& service;
    ServiceWatcher& watcher;
    ServeLimits limits;
    std::size_t connections = 0;
    std::vector<io::Gate*> waiting = {};  // acceptors that wait for a connection to end
};

std::unexpected<OpenFailure> fail_to_open(const io::Error& error, const io::SocketAddress& address) {
    return std::unexpected(OpenFailure{io::describe(error), error.number, address});
}

// The kernel takes no more from a service until its peer reads. Otherwise it would hold megabytes for each connection.
constexpr std::size_t unsent_octets_max = 128 * 1024;

std::expected<OpenEndpoint, io::Error> open_at(io::Core& core, io::EndpointScheme scheme,
                                               const io::SocketAddress& address,
                                               const std::shared_ptr<const PresentTls>& tls) {
    if (scheme == io::EndpointScheme::udp) {
        auto datagram = io::Datagram::open(core, address);
        if (!datagram) return std::unexpected(datagram.error());
        return *std::move(datagram);
    }
    io::ListenOptions options;
    options.send_limits.unsent_octets_max = unsent_octets_max;
    auto listener = io::Listener::open(core, address, options);
    if (!listener) return std::unexpected(listener.error());
    if (tls != nullptr) return SecureListener{*std::move(listener), tls};
    return *std::move(listener);
}

// A client is counted until its task ends, however it ends.
class Counted {
public:
    explicit Counted(Serving& serving) : serving_(&serving) { ++serving.connections; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --serving_->connections; }

private:
    Serving* serving_;
};

using Tls = std::shared_ptr<const PresentTls>;

Task<void> serve_secure(Serving& serving, io::Stream stream, Tls tls) {
    link::Transport transport(std::move(stream));
    transport.protect(tls->context->make_session(serving.core.buffers()));
    const io::TimePoint deadline = serving.core.now() + serving.limits.handshake_time_max;
    const io::Result<void> shaken = co_await transport.handshake(std::nullopt, deadline);
    if (shaken) co_await serving.service.serve_secure(std::move(transport));
}

// `tls`: null without.
Task<void> serve_counted(Serving& serving, io::Stream stream, Tls tls) {
    const Counted counted(serving);
    if (tls == nullptr) {
        co_await serving.service.serve(std::move(stream));
    } else {
        co_await serve_secure(serving, std::move(stream), std::move(tls));
    }
}

Task<void> serve_client(Serving& serving, io::Stream stream, Tls tls) {
    co_await serve_counted(serving, std::move(stream), std::move(tls));
    // Wake every acceptor that waits, since the first may have no client to accept. Each may accept one. A client's
    // task that is destroyed instead ends together with all acceptors.
    while (!serving.waiting.empty() && serving.connections < serving.limits.connections_max) {
        io::Gate* const next = serving.waiting.back();
        serving.waiting.pop_back();
        next->open();
    }
}

// An acceptor is in the list for as long as it waits, however that ends.
class InLine {
public:
    InLine(Serving& serving, io::Gate& gate) : serving_(&serving), gate_(&gate) { serving.waiting.push_back(&gate); }
    InLine(const InLine&) = delete;
    InLine& operator=(const InLine&) = delete;
    ~InLine() { std::erase(serving_->waiting, gate_); }

private:
    Serving* serving_;
    io::Gate* gate_;
};

// False if the task is asked to stop.
Task<bool> wait_for_room(Serving& serving, io::Gate& gate) {
    while (serving.connections >= serving.limits.connections_max) {
        const InLine in_line(serving, gate);
        const io::Result<void> opened = co_await gate.wait(serving.core, io::never);
        if (!opened) co_return false;
    }
    co_return true;
}

Task<void> accept_clients(Serving& serving, io::Listener listener, Tls tls) {
    io::Listener& here = listener;
    io::Gate gate;
    io::Scope clients;
    for (;;) {
        const bool has_room = co_await wait_for_room(serving, gate);
        if (!has_room) break;
        io::Result<io::Accepted> accepted = co_await here.accept();
        if (accepted) {
            serving.watcher.came(accepted->peer);
            clients.start(serve_client(serving, std::move(accepted->stream), tls));
            continue;
        }
        if (accepted.error().number == ECANCELED) break;
        serving.watcher.could_not_accept(accepted.error());
        // Never try again at once, whatever failed: that could be a busy loop.
        const io::Duration pause =
            std::max<io::Duration>(io::accept_pause(accepted.error()), std::chrono::milliseconds(10));
        const bool slept = co_await io::sleep_for(serving.core, pause);
        if (!slept) break;
    }
    clients.request_stop();
    co_await clients.join();
}

Task<void> serve_stdio(Serving& serving, io::Stdio stdio) {
    const io::Result<void> served = co_await serving.service.serve_stdio(std::move(stdio));
    if (!served && served.error().number != ECANCELED) serving.watcher.stdio_failed(served.error());
}

}  // namespace

const io::SocketAddress& local_of(const OpenEndpoint& opened) {
    if (const auto* const listener = std::get_if<io::Listener>(&opened)) return listener->local();
    if (const auto* const secure = std::get_if<SecureListener>(&opened)) return secure->listener.local();
    return std::get<io::Datagram>(opened).local();
}

std::expected<void, OpenFailure> open_endpoint(io::Core& core, const io::Endpoint& endpoint,
                                               std::vector<OpenEndpoint>& opened,
                                               const std::shared_ptr<const PresentTls>& tls) {
    if (endpoint.scheme == io::EndpointScheme::stdio) {
        auto stdio = io::open_stdio(core);
        if (!stdio) return fail_to_open(stdio.error(), {});
        opened.emplace_back(*std::move(stdio));
        return {};
    }
    auto addresses = io::listening_addresses(endpoint);
    if (!addresses) return std::unexpected(OpenFailure{addresses.error().message, 0, {}});
    std::uint16_t chosen_port = endpoint.port;
    for (io::SocketAddress& address : *addresses) {
        address.port = chosen_port;  // one port for all addresses, even if any port would do
        auto one = open_at(core, endpoint.scheme, address, tls);
        const bool is_first = &address == addresses->data();
        // For example "localhost" on a machine without IPv6.
        if (!one && !is_first && (one.error().number == EADDRNOTAVAIL || one.error().number == EAFNOSUPPORT)) continue;
        if (!one) return fail_to_open(one.error(), address);
        chosen_port = local_of(*one).port;
        opened.push_back(*std::move(one));
    }
    return {};
}

std::string text_of(const OpenEndpoint& opened) {
    if (std::holds_alternative<io::Stdio>(opened)) return "stdio";
    const bool is_datagram = std::holds_alternative<io::Datagram>(opened);
    std::string text =
        io::endpoint_at(local_of(opened), is_datagram ? io::EndpointScheme::udp : io::EndpointScheme::tcp).text();
    constexpr std::string_view tcp = "tcp://";
    const bool is_secure = std::holds_alternative<SecureListener>(opened);
    if (is_secure && text.starts_with(tcp)) text.replace(0, tcp.size(), "tls://");
    return text;
}

Task<void> serve_endpoints(io::Core& core, Service& service, std::vector<OpenEndpoint> endpoints, ServeLimits limits,
                           ServiceWatcher& watcher) {
    Serving serving{.core = core, .service = service, .watcher = watcher, .limits = limits};
    io::Scope scope;
    for (OpenEndpoint& endpoint : endpoints) {
        if (auto* const listener = std::get_if<io::Listener>(&endpoint)) {
            scope.start(accept_clients(serving, std::move(*listener), nullptr));
        } else if (auto* const secure = std::get_if<SecureListener>(&endpoint)) {
            scope.start(accept_clients(serving, std::move(secure->listener), secure->tls));
        } else if (auto* const datagram = std::get_if<io::Datagram>(&endpoint)) {
            scope.start(service.answer(std::move(*datagram)));
        } else {
            scope.start(serve_stdio(serving, std::move(std::get<io::Stdio>(endpoint))));
        }
    }
    co_await scope.join();
}

}  // namespace portico::services
