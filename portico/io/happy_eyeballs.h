// portico/io/happy_eyeballs.h — connecting to whichever of a host's addresses answers first (RFC 8305).
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/endpoint.h"
#include "portico/io/stream.h"

namespace portico::io {

// Told of each attempt as it is made; for the person who waits. Must not throw, nor end the connecting task.
class ConnectWatcher {
public:
    // An attempt begins; the one before may be under way still.
    virtual void trying(const SocketAddress& peer) = 0;
    // An attempt has come to nothing.
    virtual void failed(const SocketAddress& peer, const Error& error) = 0;

protected:
    ~ConnectWatcher() = default;
};

// How to connect.
class ConnectOptions {
public:
    // NOLINTNEXTLINE(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await
    ConnectOptions() {}
    // With a deadline for the whole.
    explicit ConnectOptions(TimePoint the_deadline) : deadline(the_deadline) {}

    TimePoint deadline = never;                   // for the whole, resolving included
    std::optional<Family> family = std::nullopt;  // only addresses of this one
    ConnectWatcher* watcher = nullptr;            // outlives the connecting task
    // How long an attempt has the field to itself before the next begins. RFC 8305 §5 recommends 250 ms.
    Duration attempt_delay = std::chrono::milliseconds(250);
};

// A connection, and with whom.
struct Connected {
    Stream stream;       // nothing has been sent or received
    SocketAddress peer;  // the address that answered
};

// Why there is no connection.
struct ConnectFailure {
    // How far it came: to the name's addresses, or to one of these.
    enum class Stage : std::uint8_t { resolving, connecting };
    Stage stage;          // what failed
    int number;           // an errno value: ETIMEDOUT when the deadline came, ECANCELED when the task was asked to stop
    std::string message;  // "connect: Connection refused"
};
// A connection, or why there is none.
using ConnectResult = std::expected<Connected, ConnectFailure>;

// Families in turn, starting with the first address's; within each, the order stays (RFC 8305 §4).
std::vector<SocketAddress> interleave(std::vector<SocketAddress> addresses);

// Tries `peers` in this order: the next when the one before has failed or the attempt delay has passed. The first that
// connects wins, and the others are given up. The failure is that of the first attempt which tells more than that the
// address's family is not to be had here.
Task<ConnectResult> connect_to_any(Core& core, std::vector<SocketAddress> peers,
                                   ConnectOptions options = ConnectOptions());

// Resolves the endpoint's host, interleaves, and connects; a Unix path is connected to as it is. Not for udp and stdio.
Task<ConnectResult> connect_to(Core& core, Endpoint endpoint, ConnectOptions options = ConnectOptions());

}  // namespace portico::io
