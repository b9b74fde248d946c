// portico/link/outbound_fuzz_for_test.h — what the fuzz targets of a client's connections share: a server that says
// what it is given, whole or in pieces, and what becomes of the exchanges.
//
// Room link: see h1_inbound.h. Included by fuzz targets alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/task.h"
#include "portico/http/fields.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"
#include "portico/link/failure.h"
#include "portico/link/outgoing.h"
#include "portico/link/punctual_for_test.h"

namespace portico::link {

inline void require(bool holds) {
    if (!holds) std::abort();
}

// What became of an exchange, or of several.
struct FuzzedOutcome {
    std::string statuses;
    std::string content;
    std::optional<Failure::Kind> failure;
    bool operator==(const FuzzedOutcome&) const = default;
};

// What the server says, and how many octets at a time.
struct Speech {
    std::string_view octets;
    std::size_t piece;
};

// Both ends of a connection.
struct Ends {
    io::Stream client;
    io::Stream server;
};

inline Task<Ends> connect_ends(io::Core& core) {
    const io::SocketAddress any = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<io::Listener> listener = io::Listener::open(core, any);
    require(listener.has_value());
    io::Result<io::Stream> client = co_await io::connect(core, listener->local(), io::never);
    io::Result<io::Accepted> accepted = co_await listener->accept();
    require(client && accepted);
    Ends ends{std::move(*client), std::move(accepted->stream)};
    co_return std::move(ends);
}

// Time passes after each piece.
inline Task<void> say(io::Stream& stream, Speech speech) {
    for (std::size_t at = 0; at < speech.octets.size(); at += speech.piece) {
        const io::Result<void> written = co_await stream.write_all(speech.octets.substr(at, speech.piece), io::never);
        if (!written) co_return;
        const bool slept = co_await io::sleep_for(stream.core(), std::chrono::milliseconds(1));
        if (!slept) co_return;
    }
    static_cast<void>(stream.finish_sending());
}

// Exchanges a request for a response, and reads that to its end. False: it failed.
template <class Connection>
Task<bool> exchange_whole(Connection& connection, http::Method method, Outgoing outgoing, FuzzedOutcome& outcome) {
    http::Request request;
    request.method = method;
    request.method_token = http::spelling(method);
    request.target = "/";
    request.authority = "a";
    http::Response response;
    const Answered<http::Version> version = co_await connection.exchange(request, outgoing, response);
    if (!version) outcome.failure = version.error().kind;
    if (!version) co_return false;
    outcome.statuses += std::to_string(http::code(response.status)) + " ";
    for (const auto& line : response.fields.lines()) require(!line.name.empty() && http::is_field_value(line.value));
    while (!connection.is_at_end()) {
        const Answered<std::string_view> octets = co_await connection.read_content();
        if (!octets) outcome.failure = octets.error().kind;
        if (!octets) co_return false;
        require(!octets->empty() || connection.is_at_end());
        outcome.content.append(*octets);
    }
    co_return true;
}

// Runs a task on a machine of its own. Nothing may be left over. `play` is not a coroutine itself, and returns one.
template <class Play>
void run_alone(Play play) {
    io::SimKernel kernel(1, punctual());
    io::Core core(kernel);
    {
        io::Scope scope;
        scope.start(play(core));
        while (scope.size() > 0) core.run_once(io::never);
    }
    require(core.ledger().used() == 0 && core.timers().count() == 0);
}

}  // namespace portico::link
