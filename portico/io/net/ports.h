// portico/io/net/ports.h — port names, and the sockets that listen on this machine.
//
// Room io: see error.h.
// Threads:   any. Functions that read /proc may take milliseconds: do not call them in a core's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/error.h"
#include "portico/io/net/address.h"
#include "portico/io/net/endpoint.h"

namespace portico::io {

// A port with a name: one line of /etc/services.
struct KnownPort {
    std::string name;                  // "https"
    std::uint16_t number;              // 443
    EndpointScheme transport;          // tcp or udp
    std::vector<std::string> aliases;  // the port's other names

    // Returns whether this is the port's name or one of its aliases; case is ignored.
    [[nodiscard]] bool is_called(std::string_view wanted) const;
    friend bool operator==(const KnownPort&, const KnownPort&) = default;
};

// Parses services(5). Skips lines that it does not understand, and transports other than TCP and UDP.
std::vector<KnownPort> parse_services(std::string_view text);

// Returns `known` and those ports of `more` that it lacks. A name in `known` keeps its port; other names become aliases
// of the same port, or ports of their own.
std::vector<KnownPort> merge_services(std::vector<KnownPort> known, const std::vector<KnownPort>& more);

// Returns what /etc/services says, read once, followed by a table of well-known services that it may lack.
const std::vector<KnownPort>& known_ports();

// Returns the port with that name or alias, ignoring case, or nothing if none is known.
std::optional<std::uint16_t> port_named(std::string_view name, EndpointScheme transport);
// Returns the name of a port, or nothing if it has none. The view lives as long as the process.
std::optional<std::string_view> name_of_port(std::uint16_t number, EndpointScheme transport);

// A process that holds a socket.
struct Process {
    int pid;           // as kill(2) takes it
    std::string name;  // as the process names itself: any octets except NUL, at most 15

    friend bool operator==(const Process&, const Process&) = default;
};

// A socket to which anyone may send: a listening TCP or Unix socket, or a UDP socket that is bound but not connected.
struct ListeningSocket {
    EndpointScheme transport;      // tcp, udp or unix_stream
    SocketAddress local;           // where it is bound
    std::uint64_t inode;           // the socket's own number
    std::vector<Process> held_by;  // by pid; empty without permission (other users' processes, unless we are root)
};

// Returns every listening socket in this network namespace, by transport, port and address. `proc` is the mount point
// of proc(5).
Result<std::vector<ListeningSocket>> list_listening(const std::string& proc = "/proc");

// Returns the first of `sockets` that keeps us from binding `wanted`: it has the same path, or the same port on the
// same address; if either address is "every address", the same port is enough. Null if there is none.
const ListeningSocket* find_holder(const std::vector<ListeningSocket>& sockets, const SocketAddress& wanted,
                                   EndpointScheme transport);

// Like find_holder(), among all listening sockets, after bind(2) has failed with EADDRINUSE.
std::optional<ListeningSocket> who_holds(const SocketAddress& wanted, EndpointScheme transport = EndpointScheme::tcp);

// "nginx (pid 812)"; "nginx (pid 812 and 3 more)"; "a process of another user".
std::string describe_holders(const ListeningSocket& socket);

}  // namespace portico::io
