// portico/io/net/address.h — IP addresses and the addresses of sockets.
//
// Room io: see error.h.
// Threads:   none. Values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace portico::io {

// What kind of address: IPv4, IPv6, or a path of Unix sockets (unix(7)).
enum class Family : std::uint8_t { ipv4, ipv6, unix_path };

// From where an address can be reached (RFC 1918, 3927, 4193, 4291, 6598, 6890). Reserved addresses belong to no host
// on the Internet, such as those for documentation, benchmarks or future use.
enum class Reach : std::uint8_t {
    unspecified,  // 0.0.0.0/8 and ::, which no host has: to listen everywhere
    loopback,     // only this host: 127.0.0.0/8 and ::1
    link_local,   // hosts on the same link: 169.254.0.0/16 and fe80::/10
    private_use,  // hosts of the same network: 10.0.0.0/8, fc00::/7 and similar
    multicast,    // hosts that have joined: 224.0.0.0/4 and ff00::/8
    public_use,   // the Internet
    reserved,     // no host
};

// "loopback", "link-local", "private" …
std::string_view name_of(Reach reach);

// An IPv4 or IPv6 address; an IPv6 one may have a zone (RFC 4007), an interface's index.
class IpAddress {
public:
    constexpr IpAddress() = default;  // 0.0.0.0
    // From its octets in network order: {127, 0, 0, 1}.
    static IpAddress v4(std::array<std::uint8_t, 4> octets);
    // Like v4(); `zone` is an interface's index, 0 for none.
    static IpAddress v6(std::array<std::uint8_t, 16> octets, std::uint32_t zone = 0);
    static IpAddress any(Family family);       // "0.0.0.0" or "::": every address of the host, to listen on
    static IpAddress loopback(Family family);  // "127.0.0.1" or "::1"

    // "127.0.0.1", "::1", "fe80::1%eth0", "fe80::1%2"; no brackets, no port, no short forms such as "127.1".
    static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] Family family() const { return family_; }  // ipv4 or ipv6
    // An interface's index; 0 if there is none, and for IPv4.
    [[nodiscard]] std::uint32_t zone() const { return zone_; }
    // Network order; 4 octets are used for IPv4, 16 for IPv6.
    [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const { return octets_; }
    [[nodiscard]] Reach reach() const;  // an IPv4-mapped IPv6 address is judged as the IPv4 address
    // RFC 5952: "2001:db8::1"; the zone as an interface's name if it has one.
    [[nodiscard]] std::string text() const;
    // Turns ::ffff:a.b.c.d into a.b.c.d; leaves any other address unchanged.
    [[nodiscard]] IpAddress unmapped() const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;

private:
    std::array<std::uint8_t, 16> octets_{};
    std::uint32_t zone_ = 0;
    Family family_ = Family::ipv4;
};

// The address of a socket: an IP address and a port, or a Unix path. An abstract Unix name starts with a NUL octet; an
// unnamed Unix socket (every connecting client's) has an empty path.
struct SocketAddress {
    SocketAddress() {
    }  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await

    Family family = Family::ipv4;  // determines which other members count
    std::uint16_t port = 0;        // in host byte order; 0 when binding: any free port
    IpAddress ip;                  // of this family, unless it is unix_path
    std::string path;              // unix_path only

    // An IP address and a port.
    static SocketAddress of(const IpAddress& ip, std::uint16_t port);
    // A Unix path. A socket's path can have at most 107 octets (unix(7)).
    static SocketAddress unix_path_of(std::string path);

    // "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock", "unix:@name", "unix:" (unnamed). Safe for a log or a terminal:
    // control octets, which a peer may put into its path, are written as in "unix:@a\x1b".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

// Identifies a peer for limits per peer: an IPv4 address, an IPv6 /64 (the prefix that one customer has), or all peers
// on Unix sockets together. Different peers have different numbers.
[[nodiscard]] std::uint64_t network_of(const SocketAddress& peer);

// Writes an address as the C structure. `storage` has sizeof(sockaddr_storage) octets. Returns the length used, or
// nothing if a Unix path does not fit.
std::optional<unsigned> to_sockaddr(const SocketAddress& address, void* storage);
// Reads the C structure, `length` octets of it.
SocketAddress from_sockaddr(const sockaddr* address, unsigned length);

}  // namespace portico::io
