// portico/io/net/resolve.h — resolves names to addresses and addresses to names.
//
// Room io: see error.h.
// Threads:   one core's; each question runs on a thread of its own, which a deadline abandons.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"
#include "portico/io/net/endpoint.h"

namespace portico::io {

// Why a name has no address, or an address no name.
struct ResolveError {
    // What the caller can do about it.
    enum class Kind : std::uint8_t {
        not_found,  // there is no such name, or it has no address of the requested family
        temporary,  // no name server could be asked: the same question may succeed later
        failed,     // the question can't be asked, or the answer was invalid
        timed_out,  // the deadline has passed
        stopped,    // the task was asked to stop
    };
    Kind kind;            // for the program
    std::string message;  // "example.invalid: no such host"
};
// The answer, or why there is none.
template <class T>
using Resolved = std::expected<T, ResolveError>;

// Returns the addresses of `host`, best first (RFC 6724), each with `port`. An empty host, localhost, and names that
// end in ".localhost" are this machine's loopback. Names that end in ".invalid" do not exist, whatever resolvers say
// (RFC 6761 §6.3, §6.4). Addresses and these names are answered without asking the resolver.
Task<Resolved<std::vector<SocketAddress>>> resolve(Core& core, std::string host, std::uint16_t port,
                                                   std::optional<Family> family = std::nullopt,
                                                   TimePoint deadline = never);

// Returns the name of an address, as the resolver's first answer gives it.
Task<Resolved<std::string>> resolve_name(Core& core, IpAddress address, TimePoint deadline = never);

// Like resolve(), but blocks the calling thread: for use while a program starts.
Resolved<std::vector<SocketAddress>> resolve_now(const std::string& host, std::uint16_t port,
                                                 std::optional<Family> family = std::nullopt);

// Returns where to listen for an endpoint, and blocks the calling thread. An empty host gives one socket for every
// address of both families, localhost gives the loopback of each, and a Unix path gives itself. Never empty. Not for
// stdio.
Resolved<std::vector<SocketAddress>> listening_addresses(const Endpoint& endpoint);

}  // namespace portico::io
