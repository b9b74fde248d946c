// portico/io/sim/sim_connections.cc — listening, connecting and accepting in a simulation.
#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

IpAddress mapped(const IpAddress& v4) {
    std::array<std::uint8_t, 16> octets{};
    octets[10] = octets[11] = 0xff;
    std::copy_n(v4.octets().begin(), 4, octets.begin() + 12);
    return IpAddress::v6(octets);
}

bool takes(const SimListener& listener, const SocketAddress& address) {
    const SocketAddress& local = listener.local;
    if (local.family == Family::unix_path || address.family == Family::unix_path) return local == address;
    if (local.port != address.port) return false;
    if (local.family == address.family) return local.ip == address.ip || is_any(local);
    return local.family == Family::ipv6 && is_any(local);  // IPv4 too
}

}  // namespace

Result<Opened> SimKernel::listen(const SocketAddress& local, const ListenOptions& options) {
    if (const int failure = failure_of_open(); failure != 0) return fail(failure, "socket");
    auto listener = std::make_shared<SimListener>();
    listener->local = local;
    listener->options = options;
    if (local.family != Family::unix_path && local.port == 0) listener->local.port = free_port();
    std::erase_if(listeners_, [](const auto& other) { return other.expired(); });
    for (const auto& weak : listeners_) {
        const auto other = weak.lock();
        if (other->closed || !(other->local == listener->local)) continue;
        const bool is_shared = other->options.port_use == PortUse::shared && options.port_use == PortUse::shared;
        if (!is_shared) return fail(EADDRINUSE, "bind");
    }
    listeners_.push_back(listener);
    const int number = descriptors_.add(listener);
    return Opened{number, listener->local};
}

void SimKernel::refuse_new_connections(int listener) { descriptors_.find<SimListener>(listener)->refuses_new = true; }

void SimKernel::close_listener(const std::shared_ptr<SimListener>& listener) {
    assert(listener->accepting.op == nullptr && "closed under a waiting task");
    listener->closed = true;
    for (const SimListener::Pending& pending : listener->backlog) {
        pending.stream->abort_on_close = true;
        close_stream(pending.stream);
    }
    listener->backlog.clear();
}

SimKernel::StreamPtr SimKernel::make_stream(Family family) {
    auto made = std::make_shared<SimStream>();
    made->family = family;
    made->local.family = made->remote.family = family;
    made->capacity = chance_.between(faults_.buffer_octets_min, faults_.buffer_octets_max);
    return made;
}

Result<int> SimKernel::open_socket(Family family) {
    if (const int failure = failure_of_open(); failure != 0) return fail(failure, "socket");
    StreamPtr made = make_stream(family);
    if (family != Family::unix_path) {
        const bool is_told = client_address_ && client_address_->family() == family;
        made->local = SocketAddress::of(is_told ? *client_address_ : IpAddress::loopback(family), free_port());
    }
    return descriptors_.add(std::move(made));
}

bool SimKernel::start(ConnectOp& op) {
    const StreamPtr client = stream(op.socket);
    assert(!client->connected && client->knocks == 0);
    client->remote = op.peer;
    if (chance_.happens(0.3)) {
        client->connect_result = knock(client);
    } else {
        knock_again(client, delay());
    }
    return begin(client, client->connecting, op, [client] { return client->connect_result; });
}

void SimKernel::cancel(ConnectOp& op) {
    const StreamPtr client = stream(op.socket);
    cancel(client, client->connecting, op);
}

void SimKernel::knock_again(const StreamPtr& client, Duration later) {
    schedule(later, [this, client] {
        if (client->closed || client->connecting.op == nullptr) return;
        client->connect_result = knock(client);
        if (client->connect_result) poke(client, client->connecting);
    });
}

// One attempt to connect. Returns nothing if it must be repeated later.
std::optional<std::int64_t> SimKernel::knock(const StreamPtr& client) {
    constexpr int knocks_max = 7;  // tcp_syn_retries
    if (chance_.happens(faults_.connect_failure)) {
        constexpr std::array failures{ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH};
        return -failures[chance_.below(failures.size())];
    }
    const auto listener = listener_for(client->remote);
    const bool is_unix = client->family == Family::unix_path;
    if (listener == nullptr) return is_unix && !client->remote.path.starts_with('\0') ? -ENOENT : -ECONNREFUSED;
    const auto queued = std::ranges::count_if(
        listener->backlog, [&](const SimListener::Pending& one) { return listener->is_queued(one, now_); });
    if (!listener->refuses_new && queued < listener->options.backlog) {
        admit(client, listener);
        return 0;
    }
    if (is_unix) return listener->refuses_new ? -ECONNREFUSED : -EAGAIN;
    if (++client->knocks == knocks_max) return -ETIMEDOUT;
    knock_again(client, std::chrono::seconds(1) * (1 << client->knocks));
    return std::nullopt;
}

std::shared_ptr<SimListener> SimKernel::listener_for(const SocketAddress& address) {
    std::vector<std::shared_ptr<SimListener>> fitting;
    for (const auto& weak : listeners_) {
        auto listener = weak.lock();
        if (listener == nullptr || listener->closed || listener->options.port_use == PortUse::tested) continue;
        if (takes(*listener, address)) fitting.push_back(listener);
    }
    return fitting.empty() ? nullptr : fitting[chance_.below(fitting.size())];
}

void SimKernel::admit(const StreamPtr& client, const std::shared_ptr<SimListener>& listener) {
    const StreamPtr server = make_stream(client->family);
    server->local = client->remote;
    server->remote = client->local;
    if (listener->local.family == Family::ipv6 && client->family == Family::ipv4) {
        server->local = SocketAddress::of(mapped(client->remote.ip), client->remote.port);
        server->remote = SocketAddress::of(mapped(client->local.ip), client->local.port);
    }
    server->send_limits = listener->options.send_limits;
    server->connected = client->connected = true;
    server->peer = client;
    client->peer = server;
    server->waits_at = listener;
    listener->backlog.push_back({server, now_});
    poke(listener, listener->accepting);
    if (listener->options.defer_accept.count() == 0) return;
    schedule(listener->options.defer_accept, [this, listener] { poke(listener, listener->accepting); });
}

bool SimKernel::start(AcceptOp& op) {
    const auto listener = descriptors_.find<SimListener>(op.listener);
    assert(listener != nullptr && "not a listener");
    return begin(listener, listener->accepting, op, [this, listener, &op] { return try_accept(listener, op); });
}

void SimKernel::cancel(AcceptOp& op) {
    const auto listener = descriptors_.find<SimListener>(op.listener);
    if (const auto result = try_accept(listener, op)) return finish(listener->accepting, *result);
    cancel(listener, listener->accepting, op);
}

std::optional<std::int64_t> SimKernel::try_accept(const std::shared_ptr<SimListener>& listener, AcceptOp& op) {
    for (;;) {
        const auto first = std::ranges::find_if(
            listener->backlog, [&](const SimListener::Pending& one) { return listener->is_queued(one, now_); });
        if (first == listener->backlog.end()) return std::nullopt;
        if (descriptors_.open() >= faults_.descriptors_max) return -EMFILE;
        if (chance_.happens(faults_.accept_failure)) {
            constexpr std::array failures{EMFILE, ENFILE, ENOBUFS, ENOMEM};
            if (faults_.accept_error != 0) return -faults_.accept_error;
            return -failures[chance_.below(failures.size())];
        }
        const StreamPtr accepted = std::move(first->stream);
        listener->backlog.erase(first);
        accepted->waits_at.reset();
        if (chance_.happens(faults_.accept_aborted)) {
            reset_by_fault(accepted);  // ECONNABORTED: skipped
            continue;
        }
        op.peer = accepted->remote;
        return descriptors_.add(accepted);
    }
}

}  // namespace portico::io
