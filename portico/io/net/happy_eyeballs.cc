// portico/io/net/happy_eyeballs.cc — see happy_eyeballs.h.
#include "portico/io/net/happy_eyeballs.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/io/gate.h"
#include "portico/io/net/resolve.h"
#include "portico/io/scope.h"

namespace portico::io {
namespace {

using Stage = ConnectFailure::Stage;

// The state that the attempts at one host share. It outlives them: the scope is joined before this is destroyed.
struct Race {
    Core& core;
    ConnectOptions options;
    Gate news;  // an attempt has ended
    std::optional<Connected> winner;
    std::optional<Error> failure;
    std::size_t running = 0;
};

// If this machine has no route for an address's family, the failure says nothing about the host.
bool tells_of_host(const Error& error) {
    return error.number != ENETUNREACH && error.number != EADDRNOTAVAIL && error.number != EAFNOSUPPORT;
}

Task<void> attempt(Race& race, SocketAddress peer) {
    ++race.running;
    if (race.options.watcher != nullptr) race.options.watcher->trying(peer);
    Result<Stream> stream = co_await connect(race.core, peer, never);  // the end of the race stops it
    --race.running;
    if (!stream) {
        if (!race.failure || (!tells_of_host(*race.failure) && tells_of_host(stream.error()))) {
            race.failure = stream.error();
        }
        const bool was_given_up = stream.error().number == ECANCELED;
        if (race.options.watcher != nullptr && !was_given_up) race.options.watcher->failed(peer, stream.error());
    } else if (!race.winner) {
        Connected connected{.stream = *std::move(stream), .peer = std::move(peer)};
        race.winner.emplace(std::move(connected));
    }
    race.news.open();
}

ConnectFailure explain(const ResolveError& error) {
    switch (error.kind) {
        case ResolveError::Kind::timed_out: return {Stage::resolving, ETIMEDOUT, error.message};
        case ResolveError::Kind::stopped: return {Stage::resolving, ECANCELED, error.message};
        case ResolveError::Kind::not_found:
        case ResolveError::Kind::temporary:
        case ResolveError::Kind::failed: break;
    }
    return {Stage::resolving, EHOSTUNREACH, error.message};
}

}  // namespace

std::vector<SocketAddress> interleave(std::vector<SocketAddress> addresses) {
    if (addresses.empty()) return addresses;
    const Family first = addresses.front().family;
    std::vector<SocketAddress> of_first, of_others, mixed;
    for (SocketAddress& address : addresses) {
        (address.family == first ? of_first : of_others).push_back(std::move(address));
    }
    for (std::size_t i = 0; i < std::max(of_first.size(), of_others.size()); ++i) {
        if (i < of_first.size()) mixed.push_back(std::move(of_first[i]));
        if (i < of_others.size()) mixed.push_back(std::move(of_others[i]));
    }
    return mixed;
}

Task<ConnectResult> connect_to_any(Core& core, std::vector<SocketAddress> peers, ConnectOptions options) {
    assert(!peers.empty());
    Race race{.core = core, .options = options, .news = {}, .winner = {}, .failure = {}, .running = 0};
    Scope scope;
    Result<void> news;
    for (const SocketAddress& peer : peers) {
        scope.start(attempt(race, peer));
        // A failure opens the gate, and the next attempt follows at once; so does a success.
        news = co_await race.news.wait(core, std::min(options.deadline, core.now() + options.attempt_delay));
        const bool is_delay_over = !news && news.error().number == ETIMEDOUT && core.now() < options.deadline;
        if (is_delay_over) news = {};
        if (race.winner || !news) break;
    }
    while (!race.winner && race.running > 0 && news) news = co_await race.news.wait(core, options.deadline);
    scope.request_stop();
    co_await scope.join();
    if (race.winner) co_return std::move(*race.winner);
    const Error failure = news ? *race.failure : Error{news.error().number, "connect"};
    ConnectFailure explained{Stage::connecting, failure.number, describe(failure)};
    co_return std::unexpected(std::move(explained));
}

Task<ConnectResult> connect_to(Core& core, Endpoint endpoint, ConnectOptions options) {
    assert(endpoint.scheme == EndpointScheme::tcp || endpoint.scheme == EndpointScheme::unix_stream);
    std::vector<SocketAddress> peers;
    if (endpoint.scheme == EndpointScheme::unix_stream) {
        peers.push_back(SocketAddress::unix_path_of(std::move(endpoint.path)));
    } else {
        auto resolved =
            co_await resolve(core, std::move(endpoint.host), endpoint.port, options.family, options.deadline);
        if (!resolved) co_return std::unexpected(explain(resolved.error()));
        peers = interleave(*std::move(resolved));
    }
    ConnectResult connected = co_await connect_to_any(core, std::move(peers), options);
    co_return std::move(connected);
}

}  // namespace portico::io
