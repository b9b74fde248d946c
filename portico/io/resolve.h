// portico/io/resolve.h — names to addresses and back.
//
// Room io: see error.h.
// Threads:   one core's; the resolver itself runs on a thread for each question, which a deadline leaves behind.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/io/address.h"
#include "portico/io/core.h"
#include "portico/io/endpoint.h"

namespace portico::io {

// Why a name has no address, or an address no name.
struct ResolveError {
    // What the caller may do about it.
    enum class Kind : std::uint8_t {
        not_found,  // there is no such name, or it has no address of the family that was asked for
        temporary,  // nobody could be asked: the same question may be answered later
        failed,     // the question can't be asked, or the answer was nonsense
        timed_out,  // the deadline has come
        stopped,    // the task was asked to stop
    };
    Kind kind;            // for the program
    std::string message;  // a sentence's end: "there is no host example.invalid"
};
// What a name or an address leads to, or why it leads nowhere.
template <class T>
using Resolved = std::expected<T, ResolveError>;

// The addresses of `host`, best first (RFC 6724), each with `port`. Empty is this machine's loopback; so are localhost
// and what ends in ".localhost", and nothing ends in ".invalid", whatever resolvers say (RFC 6761 §6.3, §6.4).
// Addresses and these names are answered without asking anybody.
Task<Resolved<std::vector<SocketAddress>>> resolve(Core& core, std::string host, std::uint16_t port,
                                                   std::optional<Family> family = std::nullopt,
                                                   TimePoint deadline = never);

// The name of an address, as the resolver's first answer gives it.
Task<Resolved<std::string>> resolve_name(Core& core, IpAddress address, TimePoint deadline = never);

// resolve() on the calling thread, for as long as it takes: for a program that starts.
Resolved<std::vector<SocketAddress>> resolve_now(const std::string& host, std::uint16_t port,
                                                 std::optional<Family> family = std::nullopt);

// Where to listen for an endpoint, on the calling thread: an empty host is one socket for every address of both
// families, localhost is the loopback of each, a Unix path is itself. Never empty. Not for stdio.
Resolved<std::vector<SocketAddress>> listening_addresses(const Endpoint& endpoint);

}  // namespace portico::io
