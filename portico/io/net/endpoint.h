// portico/io/net/endpoint.h — the single notation for endpoints.
//
// Room io: see error.h.
// Threads:   none. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "portico/io/net/address.h"

namespace portico::io {

// What stands before an endpoint's colon: how octets are transported.
enum class EndpointScheme : std::uint8_t {
    tcp,          // tcp(7)
    udp,          // udp(7)
    unix_stream,  // a stream between processes of one host, unix(7)
    stdio,        // standard input and output
};

// An endpoint as a user wrote it. `host` is a name or an address. An empty host means every interface (listening) or
// this machine (connecting).
//
//   tcp://127.0.0.1:8080  udp://[::1]:53  tcp://example.org:http  127.0.0.1:8080  :8080  [::1]:80  localhost:80
//   8080 (a bare port)  unix:/run/x.sock  unix:relative.sock  unix:@abstract  stdio
//   The slashes after tcp: and udp: may be left out: tcp:9000, udp:localhost:53.
class Endpoint {
public:
    Endpoint() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await
    // For TCP or UDP.
    Endpoint(EndpointScheme the_scheme, std::string the_host, std::uint16_t the_port)
        : scheme(the_scheme), host(std::move(the_host)), port(the_port) {}
    // A Unix stream socket at this path.
    [[nodiscard]] static Endpoint unix_stream(std::string path);
    // Standard input and output.
    [[nodiscard]] static Endpoint stdio();

    EndpointScheme scheme = EndpointScheme::tcp;  // determines which other members count
    std::string host;                             // without brackets; with its zone ("fe80::1%eth0")
    std::uint16_t port = 0;                       // 0: any free one (listening)
    std::string path;                             // unix_stream; an abstract name starts with a NUL octet

    // The endpoint in full, as a user would write it: "tcp://127.0.0.1:8080", "unix:@abstract".
    [[nodiscard]] std::string text() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Why a text is not an endpoint: a sentence for the user, and the column (from 1) of the mistake.
struct EndpointError {
    std::string message;  // without a full stop
    std::size_t column;   // in octets
};

// Parses one endpoint. A text without a scheme has `unless_said`.
std::expected<Endpoint, EndpointError> parse_endpoint(std::string_view text,
                                                      EndpointScheme unless_said = EndpointScheme::tcp);

// Like parse_endpoint(), for a host and a port given separately, as telnet takes them. An IPv6 address may have
// brackets or not. Columns count from the start of the part that is wrong.
std::expected<Endpoint, EndpointError> endpoint_of(std::string_view host, std::string_view port,
                                                   EndpointScheme scheme = EndpointScheme::tcp);

// Returns whether a host is meant as an IPv4 address, even if it is not one: its last label is a number, as in "127.1"
// or "0x7f.1", which old resolvers expand and we refuse.
bool is_meant_as_ipv4(std::string_view host);

// Returns a socket's address as an endpoint.
Endpoint endpoint_at(const SocketAddress& address, EndpointScheme scheme = EndpointScheme::tcp);

}  // namespace portico::io
