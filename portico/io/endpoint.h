// portico/io/endpoint.h — the one way in which an endpoint is written.
//
// Room io: see error.h.
// Threads:   none. Values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "portico/io/address.h"

namespace portico::io {

// How octets travel.
enum class Transport : std::uint8_t {
    tcp,          // tcp(7)
    udp,          // udp(7)
    unix_stream,  // a stream between processes of one host, unix(7)
    stdio,        // standard input and output
};

// What a user wrote. `host` is a name or an address; empty means every interface (listening) or this machine
// (connecting).
//
//   tcp://127.0.0.1:8080  udp://[::1]:53  tcp://example.org:http  127.0.0.1:8080  :8080  [::1]:80  localhost:80
//   8080 (a bare port)  unix:/run/x.sock  unix:relative.sock  unix:@abstract  stdio
//   The slashes behind tcp: and udp: may be left out: tcp:9000, udp:localhost:53.
class Endpoint {
public:
    Endpoint() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await
    // For TCP or UDP.
    Endpoint(Transport the_transport, std::string the_host, std::uint16_t the_port)
        : transport(the_transport), host(std::move(the_host)), port(the_port) {}
    // A Unix stream socket at this path.
    [[nodiscard]] static Endpoint unix_stream(std::string path);
    // Standard input and output.
    [[nodiscard]] static Endpoint stdio();

    Transport transport = Transport::tcp;  // which of the others count
    std::string host;                      // without brackets; with its zone ("fe80::1%eth0")
    std::uint16_t port = 0;                // 0: any free one (listening)
    std::string path;                      // unix_stream; an abstract name starts with a NUL octet

    // As the user would write it, in full: "tcp://127.0.0.1:8080", "unix:@abstract".
    [[nodiscard]] std::string text() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Why a text is not an endpoint: a sentence to show, and the column (from 1) that it is about.
struct EndpointError {
    std::string message;  // without a full stop
    std::size_t column;   // in octets
};

// Parses one endpoint. `unless_said` is the transport of a text without a scheme.
std::expected<Endpoint, EndpointError> parse_endpoint(std::string_view text, Transport unless_said = Transport::tcp);

// The same for a host and a port that were given apart, as telnet takes them: an IPv6 address with or without brackets.
// Columns count from the start of the part that is wrong.
std::expected<Endpoint, EndpointError> endpoint_of(std::string_view host, std::string_view port,
                                                   Transport transport = Transport::tcp);

// Whether a host is meant as an IPv4 address though it may be none: its last label is a number, as in "127.1" or
// "0x7f.1", which resolvers of old expand and we refuse.
bool is_meant_as_ipv4(std::string_view host);

// Where a socket is, as an endpoint.
Endpoint endpoint_at(const SocketAddress& address, Transport transport = Transport::tcp);

}  // namespace portico::io
