// portico/io/net/address.cc — see address.h.
#include "portico/io/net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "portico/base/printable.h"

namespace portico::io {
namespace {

struct Range {
    std::array<std::uint8_t, 16> prefix;
    unsigned bits;
    Reach reach;
};

// The IANA special-purpose registries (RFC 6890 and later additions). The first range that contains an address applies.
constexpr Range ipv4_ranges[] = {
    {{0}, 8, Reach::unspecified},              // RFC 791 §3.2: "this network"
    {{10}, 8, Reach::private_use},             // RFC 1918
    {{100, 64}, 10, Reach::private_use},       // RFC 6598: behind a carrier's NAT
    {{127}, 8, Reach::loopback},               // RFC 1122 §3.2.1.3
    {{169, 254}, 16, Reach::link_local},       // RFC 3927
    {{172, 16}, 12, Reach::private_use},       // RFC 1918
    {{192, 0, 0, 9}, 32, Reach::public_use},   // RFC 7723: PCP anycast
    {{192, 0, 0, 10}, 32, Reach::public_use},  // RFC 8155: TURN anycast
    {{192, 0, 0}, 24, Reach::reserved},        // RFC 6890
    {{192, 0, 2}, 24, Reach::reserved},        // RFC 5737: documentation
    {{192, 88, 99}, 24, Reach::reserved},      // RFC 7526: was 6to4 relay anycast
    {{192, 168}, 16, Reach::private_use},      // RFC 1918
    {{198, 18}, 15, Reach::reserved},          // RFC 2544: benchmarks
    {{198, 51, 100}, 24, Reach::reserved},     // RFC 5737
    {{203, 0, 113}, 24, Reach::reserved},      // RFC 5737
    {{224}, 4, Reach::multicast},              // RFC 5771
    {{240}, 4, Reach::reserved},               // RFC 1112 §4, with the limited broadcast
};
constexpr Range ipv6_ranges[] = {
    {{}, 128, Reach::unspecified},                                             // RFC 4291 §2.5.2
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, Reach::loopback},  // RFC 4291 §2.5.3
    {{0x00, 0x64, 0xff, 0x9b}, 96, Reach::public_use},                         // RFC 6052: an IPv4 address, by NAT64
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, Reach::private_use},            // RFC 8215
    {{0x20, 0x01, 0x00, 0x02, 0x00, 0x00}, 48, Reach::reserved},               // RFC 5180: benchmarks
    {{0x20, 0x01, 0x00, 0x10}, 28, Reach::reserved},                           // RFC 4843: was ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32, Reach::reserved},                           // RFC 3849: documentation
    {{0x3f, 0xff}, 20, Reach::reserved},                                       // RFC 9637: documentation
    {{0x20}, 3, Reach::public_use},                                            // RFC 4291 §2.5.4
    {{0xfc}, 7, Reach::private_use},                                           // RFC 4193
    {{0xfe, 0x80}, 10, Reach::link_local},                                     // RFC 4291 §2.5.6
    {{0xfe, 0xc0}, 10, Reach::private_use},                                    // RFC 3879: was site-local
    {{0xff}, 8, Reach::multicast},                                             // RFC 4291 §2.7
};

bool holds(const Range& range, const std::array<std::uint8_t, 16>& octets) {
    const std::size_t whole = range.bits / 8;
    if (!std::equal(octets.begin(), octets.begin() + whole, range.prefix.begin())) return false;
    const unsigned rest = range.bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
    return (octets[whole] & mask) == (range.prefix[whole] & mask);
}

Reach reach_in(std::span<const Range> ranges, const std::array<std::uint8_t, 16>& octets, Reach otherwise) {
    const auto found = std::ranges::find_if(ranges, [&](const Range& range) { return holds(range, octets); });
    return found == ranges.end() ? otherwise : found->reach;
}

// `text` as a C string; nothing if it is longer than any address or contains a NUL.
struct CText {
    explicit CText(std::string_view text)
        : fits(text.size() < sizeof octets && text.find('\0') == std::string_view::npos) {
        if (fits) octets[text.copy(octets, text.size())] = '\0';
    }
    char octets[64];
    bool fits;
};

// The index of a zone, given by number or by interface name; 0 if there is no such interface.
std::uint32_t zone_of(std::string_view text) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped_at, failure] = std::from_chars(text.data(), end, number);
    if (failure == std::errc{} && stopped_at == end) return number;
    const CText name(text);
    return name.fits ? ::if_nametoindex(name.octets) : 0;
}

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::string_view name_of(Reach reach) {
    switch (reach) {
        case Reach::unspecified: return "unspecified";
        case Reach::loopback: return "loopback";
        case Reach::link_local: return "link-local";
        case Reach::private_use: return "private";
        case Reach::multicast: return "multicast";
        case Reach::public_use: return "public";
        case Reach::reserved: return "reserved";
    }
    return "";
}

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
    IpAddress address;
    std::ranges::copy(octets, address.octets_.begin());
    return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets, std::uint32_t zone) {
    IpAddress address;
    address.family_ = Family::ipv6;
    address.octets_ = octets;
    address.zone_ = zone;
    return address;
}

IpAddress IpAddress::any(Family family) {
    assert(family != Family::unix_path);
    return family == Family::ipv4 ? v4({}) : v6({});
}

IpAddress IpAddress::loopback(Family family) {
    assert(family != Family::unix_path);
    return family == Family::ipv4 ? v4({127, 0, 0, 1}) : v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::size_t percent = text.find('%');
    const CText digits(text.substr(0, percent));
    if (!digits.fits) return std::nullopt;
    if (percent == std::string_view::npos) {
        std::array<std::uint8_t, 4> four{};
        if (::inet_pton(AF_INET, digits.octets, four.data()) == 1) return v4(four);
    }
    std::array<std::uint8_t, 16> sixteen{};
    if (::inet_pton(AF_INET6, digits.octets, sixteen.data()) != 1) return std::nullopt;
    if (percent == std::string_view::npos) return v6(sixteen);
    const std::uint32_t zone = zone_of(text.substr(percent + 1));
    if (zone == 0) return std::nullopt;
    return v6(sixteen, zone);
}

Reach IpAddress::reach() const {
    const IpAddress judged = unmapped();
    // Outside 2000::/3, no addresses have been assigned (RFC 4291 §2.4).
    return judged.family_ == Family::ipv4 ? reach_in(ipv4_ranges, judged.octets_, Reach::public_use)
                                          : reach_in(ipv6_ranges, judged.octets_, Reach::reserved);
}

std::string IpAddress::text() const {
    char room[INET6_ADDRSTRLEN];
    const char* const written =
        ::inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, octets_.data(), room, sizeof room);
    assert(written != nullptr);
    std::string text(written);
    if (zone_ == 0) return text;
    char name[IF_NAMESIZE];
    text += '%';
    if (::if_indextoname(zone_, name) != nullptr) return text += name;
    return text += std::to_string(zone_);
}

IpAddress IpAddress::unmapped() const {
    if (family_ != Family::ipv6 || !std::equal(mapped_prefix.begin(), mapped_prefix.end(), octets_.begin())) {
        return *this;
    }
    return v4({octets_[12], octets_[13], octets_[14], octets_[15]});
}

SocketAddress SocketAddress::of(const IpAddress& ip, std::uint16_t port) {
    SocketAddress address;
    address.family = ip.family();
    address.port = port;
    address.ip = ip;
    return address;
}

SocketAddress SocketAddress::unix_path_of(std::string path) {
    SocketAddress address;
    address.family = Family::unix_path;
    address.path = std::move(path);
    return address;
}

std::string SocketAddress::text() const {
    switch (family) {
        case Family::ipv4: return ip.text() + ":" + std::to_string(port);
        case Family::ipv6: return "[" + ip.text() + "]:" + std::to_string(port);
        case Family::unix_path: break;
    }
    if (!path.starts_with('\0')) return "unix:" + printable(path);
    return "unix:@" + printable(std::string_view(path).substr(1));
}

std::uint64_t network_of(const SocketAddress& peer) {
    if (peer.family == Family::unix_path) return 0;
    const IpAddress ip = peer.ip.unmapped();
    const bool is_ipv4 = ip.family() == Family::ipv4;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < (is_ipv4 ? 4U : 8U); ++i) number = number << 8 | ip.octets()[i];
    // An IPv4 address gets an upper half that no assigned IPv6 network has: 0:1::/32 is reserved (RFC 4291 §2.4).
    return is_ipv4 ? number | std::uint64_t{1} << 32 : number;
}

std::optional<unsigned> to_sockaddr(const SocketAddress& address, void* storage) {
    if (address.family == Family::ipv4) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(address.port);
        std::memcpy(&in.sin_addr, address.ip.octets().data(), sizeof in.sin_addr);
        std::memcpy(storage, &in, sizeof in);
        return sizeof in;
    }
    if (address.family == Family::ipv6) {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(address.port);
        in.sin6_scope_id = address.ip.zone();
        std::memcpy(&in.sin6_addr, address.ip.octets().data(), sizeof in.sin6_addr);
        std::memcpy(storage, &in, sizeof in);
        return sizeof in;
    }
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    const bool is_path = !address.path.empty() && address.path.front() != '\0';
    // A path ends with a NUL; an abstract name ends with the length (unix(7)).
    const std::size_t octets = address.path.size() + (is_path ? 1 : 0);
    if (octets > sizeof un.sun_path) return std::nullopt;
    if (is_path && address.path.find('\0') != std::string::npos) return std::nullopt;  // it would name another file
    address.path.copy(un.sun_path, address.path.size());
    std::memcpy(storage, &un, sizeof un);
    return static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + octets);
}

SocketAddress from_sockaddr(const sockaddr* address, unsigned length) {
    if (length < sizeof(sa_family_t)) return {};
    sa_family_t family = AF_UNSPEC;
    std::memcpy(&family, address, sizeof family);
    if (family == AF_INET && length >= sizeof(sockaddr_in)) {
        sockaddr_in in{};
        std::memcpy(&in, address, sizeof in);
        std::array<std::uint8_t, 4> octets{};
        std::memcpy(octets.data(), &in.sin_addr, sizeof in.sin_addr);
        return SocketAddress::of(IpAddress::v4(octets), ntohs(in.sin_port));
    }
    if (family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        sockaddr_in6 in{};
        std::memcpy(&in, address, sizeof in);
        std::array<std::uint8_t, 16> octets{};
        std::memcpy(octets.data(), &in.sin6_addr, sizeof in.sin6_addr);
        return SocketAddress::of(IpAddress::v6(octets, in.sin6_scope_id), ntohs(in.sin6_port));
    }
    if (family != AF_UNIX) return {};
    sockaddr_un un{};
    const std::size_t present = std::min<std::size_t>(length, sizeof un);
    std::memcpy(&un, address, present);
    const std::size_t octets =
        present <= offsetof(sockaddr_un, sun_path) ? 0 : present - offsetof(sockaddr_un, sun_path);
    if (octets > 0 && un.sun_path[0] == '\0') return SocketAddress::unix_path_of(std::string(un.sun_path, octets));
    return SocketAddress::unix_path_of(std::string(un.sun_path, ::strnlen(un.sun_path, octets)));
}

}  // namespace portico::io
