// portico/io/address.h — IP addresses and the addresses of sockets.
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

enum class Family : std::uint8_t { ipv4, ipv6, unix_path };

// Who can reach an address (RFC 1918, 3927, 4193, 4291, 6598, 6890). Reserved: nobody's on the Internet, such as those
// for documentation, benchmarks or a use to come.
enum class Reach : std::uint8_t { unspecified, loopback, link_local, private_use, multicast, public_use, reserved };

// "loopback", "link-local", "private" …
std::string_view name_of(Reach reach);

// An IPv4 or IPv6 address; an IPv6 one may have a zone (RFC 4007), an interface's index.
class IpAddress {
public:
    constexpr IpAddress() = default;  // 0.0.0.0
    static IpAddress v4(std::array<std::uint8_t, 4> octets);
    static IpAddress v6(std::array<std::uint8_t, 16> octets, std::uint32_t zone = 0);
    static IpAddress any(Family family);
    static IpAddress loopback(Family family);

    // "127.0.0.1", "::1", "fe80::1%eth0", "fe80::1%2"; no brackets, no port, no short forms such as "127.1".
    static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] Family family() const { return family_; }
    [[nodiscard]] std::uint32_t zone() const { return zone_; }
    // Network order; 4 octets are used for IPv4, 16 for IPv6.
    [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const { return octets_; }
    [[nodiscard]] Reach reach() const;  // an IPv4-mapped IPv6 address is judged as the IPv4 address
    // RFC 5952: "2001:db8::1"; the zone by interface name where there is one.
    [[nodiscard]] std::string text() const;
    // ::ffff:a.b.c.d as a.b.c.d; anything else unchanged.
    [[nodiscard]] IpAddress unmapped() const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;

private:
    std::array<std::uint8_t, 16> octets_{};
    std::uint32_t zone_ = 0;
    Family family_ = Family::ipv4;
};

// Where a socket is: an IP address and a port, or a Unix path. An abstract Unix name starts with a NUL octet; an
// unnamed Unix socket (every connecting client's) has an empty path.
struct SocketAddress {
    Family family = Family::ipv4;
    std::uint16_t port = 0;
    IpAddress ip;
    std::string path;

    static SocketAddress of(const IpAddress& ip, std::uint16_t port);
    static SocketAddress unix_path_of(std::string path);

    // "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock", "unix:@name", "unix:" (unnamed). Fit for a log or a terminal:
    // control octets, which a peer may put into its path, are written as in "unix:@a\x1b".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

// To and from the C structures. `storage` has sizeof(sockaddr_storage) octets; returns the length used, or nothing
// where a Unix path does not fit.
std::optional<unsigned> to_sockaddr(const SocketAddress& address, void* storage);
SocketAddress from_sockaddr(const sockaddr* address, unsigned length);

}  // namespace portico::io
