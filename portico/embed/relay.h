// portico/embed/relay.h — copies connections to each other: what a proxy does once it has connected.
//
//   auto server = co_await portico::connect(client.core(), "127.0.0.1:5432", deadline);
//   if (server) co_await portico::relay(client, *server);
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "portico/base/task.h"
#include "portico/embed/connection.h"
#include "portico/io/core.h"
#include "portico/io/error.h"
#include "portico/io/stream.h"

namespace portico {

using io::Stream;

// Reads from `from` and writes to `to`, which may be the same connection, until `from` ends; then it ends `to` as well
// (Connection::finish_sending). It reads no faster than it can write. Returns how many octets it has copied.
//
// If reading fails, `to` has not received everything. So, unless its server ends, `to` is aborted
// (Connection::break_off): its peer gets a reset when `to` closes, and a task that reads from `to`, such as a proxy's
// copy in the other direction, gets the end of the stream. If writing fails, `from` is left unchanged. Errors: those of
// reading and writing, ETIMEDOUT if the deadline passed, ECANCELED.
[[nodiscard]] Task<io::Result<std::uint64_t>> copy(Connection& from, Connection& to,
                                                   io::TimePoint deadline = io::never);
// The same for streams.
[[nodiscard]] Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline = io::never);

// How long a relay may last.
class RelayOptions {
public:
    RelayOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    io::TimePoint deadline = io::never;  // when it ends at the latest
    // How long neither direction may carry anything. Relays check four times in that period, so it may take a quarter
    // longer.
    std::chrono::milliseconds idle_max = std::chrono::minutes(10);
};

// How a relay has ended.
struct Relayed {
    // Why it ended.
    enum class End : std::uint8_t {
        complete,  // both peers have said that nothing more follows, and everything was passed on
        broken,    // a connection failed: `error`
        idle,      // RelayOptions::idle_max
        late,      // RelayOptions::deadline
        stopped,   // the task was asked to stop
    };
    End end = End::complete;         // for the program
    std::uint64_t there = 0;         // octets from the first connection to the second
    std::uint64_t back = 0;          // octets from the second to the first
    std::optional<io::Error> error;  // if it is broken: what failed first
};

// Copies in both directions at once. A connection that ends is ended towards the other one, whose own direction goes
// on. If either fails, or time is up, both are broken off: neither peer can mistake a part for the whole.
[[nodiscard]] Task<Relayed> relay(Connection& first, Connection& second, RelayOptions options = RelayOptions());

}  // namespace portico
