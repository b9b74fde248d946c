// portico/embed/datagrams.h — datagrams to other hosts, and their answers.
//
//   auto socket = co_await portico::open_datagram(core, "time.example.org:3737", deadline);
//   const auto sent = co_await portico::send_to(*socket, socket->peer(), "iso", deadline);
//   const auto answer = co_await portico::receive_from(*socket, deadline);
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/embed/connection.h"
#include "portico/io/core.h"
#include "portico/io/datagram.h"
#include "portico/io/error.h"
#include "portico/io/net/address.h"

namespace portico {

using io::Datagram;

// Opens a socket for datagrams to and from "HOST:PORT" or "udp://HOST:PORT", and from nobody else. The host's name is
// resolved on a helper thread; its first address to which this machine has a route is used. Nothing is sent, so nothing
// is known of a peer. A socket for datagrams from anybody: Datagram::open().
[[nodiscard]] Task<std::expected<Datagram, ConnectError>> open_datagram(io::Core& core, std::string endpoint,
                                                                        io::TimePoint deadline = io::never);

// Sends one datagram of `octets`, which outlive the task, to `address`. Errors: EMSGSIZE it is too large,
// ECONNREFUSED nobody received an earlier one, ETIMEDOUT, ECANCELED …
[[nodiscard]] Task<io::Result<void>> send_to(Datagram& socket, io::SocketAddress address, std::string_view octets,
                                             io::TimePoint deadline = io::never);

// A datagram that was received. Anybody can forge the address of its source.
struct ReceivedDatagram {
    std::string octets;      // its content
    io::SocketAddress peer;  // its source
};

// Receives the next datagram. Errors: EMSGSIZE it is larger than `octets_max`, and lost; ECONNREFUSED nobody received
// an earlier one that was sent; ETIMEDOUT, ECANCELED …
[[nodiscard]] Task<io::Result<ReceivedDatagram>> receive_from(Datagram& socket, io::TimePoint deadline,
                                                              std::size_t octets_max = io::datagram_octets_max);

}  // namespace portico
