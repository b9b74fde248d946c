// portico/io/net/happy_eyeballs.h — connects to the one of a host's addresses that answers first (RFC 8305).
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/net/endpoint.h"
#include "portico/io/stream.h"

namespace portico::io {

// Is notified of each attempt when it is made, to inform the user. Must not throw, nor end the connecting task.
class ConnectWatcher {
public:
    // An attempt begins; the one before may still be in progress.
    virtual void trying(const SocketAddress& peer) = 0;
    // An attempt has failed.
    virtual void failed(const SocketAddress& peer, const Error& error) = 0;

protected:
    ~ConnectWatcher() = default;
};

// How to connect.
class ConnectOptions {
public:
    // NOLINTNEXTLINE(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await
    ConnectOptions() {}
    // With a deadline for the whole operation.
    explicit ConnectOptions(TimePoint the_deadline) : deadline(the_deadline) {}

    TimePoint deadline = never;                   // for the whole operation, including resolving
    std::optional<Family> family = std::nullopt;  // only addresses of this family
    ConnectWatcher* watcher = nullptr;            // outlives the connecting task
    // How long an attempt runs alone before the next begins. RFC 8305 §5 recommends 250 ms.
    Duration attempt_delay = std::chrono::milliseconds(250);
};

// A connection, and the peer's address.
struct Connected {
    Stream stream;       // nothing has been sent or received
    SocketAddress peer;  // the address that answered
};

// Why there is no connection.
struct ConnectFailure {
    // How far the operation got: to the name's addresses, or to one of these.
    enum class Stage : std::uint8_t { resolving, connecting };
    Stage stage;          // what failed
    int number;           // an errno value: ETIMEDOUT: the deadline passed; ECANCELED: asked to stop
    std::string message;  // "connect: Connection refused"
};
// A connection, or why there is none.
using ConnectResult = std::expected<Connected, ConnectFailure>;

// Alternates between the families, starting with the first address's. Within each, keeps the order (RFC 8305 §4).
std::vector<SocketAddress> interleave(std::vector<SocketAddress> addresses);

// Tries `peers` in this order. The next attempt begins when the one before has failed or the attempt delay has passed.
// The first one that connects wins, and the others are abandoned. The failure is that of the first attempt that reports
// more than that the address's family is unavailable on this machine.
Task<ConnectResult> connect_to_any(Core& core, std::vector<SocketAddress> peers,
                                   ConnectOptions options = ConnectOptions());

// Resolves the endpoint's host, interleaves, and connects. A Unix path is connected to directly. Not for udp and stdio.
Task<ConnectResult> connect_to(Core& core, Endpoint endpoint, ConnectOptions options = ConnectOptions());

}  // namespace portico::io
