// portico/io/ports.h — ports by name, and who listens on this machine.
//
// Room io: see error.h.
// Threads:   any. What reads /proc may take milliseconds: not for a core's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/address.h"
#include "portico/io/endpoint.h"
#include "portico/io/error.h"

namespace portico::io {

// A port that is known by a name: a line of /etc/services.
struct KnownPort {
    std::string name;                  // "https"
    std::uint16_t number;              // 443
    Transport transport;               // tcp or udp
    std::vector<std::string> aliases;  // other names of it

    // Whether this is its name or one of its aliases, in capitals or not.
    [[nodiscard]] bool is_called(std::string_view wanted) const;
    friend bool operator==(const KnownPort&, const KnownPort&) = default;
};

// Reads services(5). Lines that are not understood, and other transports than TCP and UDP, are left out.
std::vector<KnownPort> parse_services(std::string_view text);

// `known` with those of `more` that it lacks. Names that `known` has keep the port that they have there; the others
// become aliases of the same port, or ports of their own.
std::vector<KnownPort> merge_services(std::vector<KnownPort> known, const std::vector<KnownPort>& more);

// What /etc/services says, read once, and after it a table of well-known services that it may lack.
const std::vector<KnownPort>& known_ports();

// The port of that name or alias, in capitals or not. Nothing if none is known.
std::optional<std::uint16_t> port_named(std::string_view name, Transport transport);
// The name of a port; nothing if it has none. The view lives as long as the process.
std::optional<std::string_view> name_of_port(std::uint16_t number, Transport transport);

// A process that holds a socket.
struct Process {
    int pid;           // as kill(2) takes it
    std::string name;  // as the process calls itself: any octets but NUL, at most 15

    friend bool operator==(const Process&, const Process&) = default;
};

// A socket that anyone may send to: TCP or Unix listening, UDP bound and not connected.
struct ListeningSocket {
    Transport transport;           // tcp, udp or unix_stream
    SocketAddress local;           // where it is bound
    std::uint64_t inode;           // the socket's own number
    std::vector<Process> held_by;  // by pid; empty if we may not look (other users' processes, unless we are root)
};

// Everything that listens in this network namespace, by transport, port and address. `proc` is where proc(5) is
// mounted.
Result<std::vector<ListeningSocket>> list_listening(const std::string& proc = "/proc");

// The first of `sockets` that keeps us from binding `wanted`: the same path, or the same port on the same address or
// where one of the two is every address. Null: none.
const ListeningSocket* find_holder(const std::vector<ListeningSocket>& sockets, const SocketAddress& wanted,
                                   Transport transport);

// The same among all that listen, after bind(2) has said EADDRINUSE.
std::optional<ListeningSocket> who_holds(const SocketAddress& wanted, Transport transport = Transport::tcp);

// "nginx (pid 812)"; "nginx (pid 812 and 3 more)"; "a process of another user".
std::string describe_holders(const ListeningSocket& socket);

}  // namespace portico::io
