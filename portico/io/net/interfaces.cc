// portico/io/net/interfaces.cc — see interfaces.h.
#include "portico/io/net/interfaces.h"

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {
namespace {

struct FreeAddresses {
    void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

Interface& interface_named(std::vector<Interface>& interfaces, std::string_view name, unsigned flags) {
    const auto found = std::ranges::find(interfaces, name, &Interface::name);
    if (found != interfaces.end()) return *found;
    Interface interface;
    interface.name = name;
    interface.index = ::if_nametoindex(interface.name.c_str());
    interface.is_up = (flags & IFF_UP) != 0;
    interface.is_running = (flags & IFF_RUNNING) != 0;
    interface.is_loopback = (flags & IFF_LOOPBACK) != 0;
    interfaces.push_back(std::move(interface));
    return interfaces.back();
}

std::optional<MacAddress> mac_of(const sockaddr* address) {
    sockaddr_ll link{};
    std::memcpy(&link, address, sizeof link);
    MacAddress mac{};
    if (link.sll_halen != mac.size()) return std::nullopt;
    std::memcpy(mac.data(), link.sll_addr, mac.size());
    if (mac == MacAddress{}) return std::nullopt;
    return mac;
}

unsigned length_of(const sockaddr* address) {
    return address->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

unsigned prefix_bits_of(const sockaddr* mask) {
    if (mask == nullptr) return 0;
    const SocketAddress address = from_sockaddr(mask, length_of(mask));
    unsigned bits = 0;
    for (const std::uint8_t octet : address.ip.octets()) bits += static_cast<unsigned>(std::popcount(octet));
    return bits;
}

unsigned mtu_of(int any_socket, const std::string& name) {
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(any_socket, SIOCGIFMTU, &request) != 0) return 0;
    return static_cast<unsigned>(request.ifr_mtu);
}

}  // namespace

Result<std::vector<Interface>> list_interfaces() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return fail(errno, "getifaddrs");
    const std::unique_ptr<ifaddrs, FreeAddresses> list(first);
    std::vector<Interface> interfaces;
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
        // An IPv4 alias has a name such as "eth0:1"; its address belongs to eth0.
        const std::string_view name =
            std::string_view(entry->ifa_name).substr(0, std::string_view(entry->ifa_name).find(':'));
        Interface& interface = interface_named(interfaces, name, entry->ifa_flags);
        if (entry->ifa_addr == nullptr) continue;
        const auto family = entry->ifa_addr->sa_family;
        if (family == AF_PACKET) interface.mac = mac_of(entry->ifa_addr);
        if (family != AF_INET && family != AF_INET6) continue;
        interface.addresses.push_back({.ip = from_sockaddr(entry->ifa_addr, length_of(entry->ifa_addr)).ip,
                                       .prefix_bits = prefix_bits_of(entry->ifa_netmask)});
    }
    const std::optional<Fd> any_socket = owned(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (Interface& interface : interfaces) {
        if (any_socket) interface.mtu = mtu_of(any_socket->number(), interface.name);
        std::ranges::sort(interface.addresses, {},
                          [](const InterfaceAddress& each) { return std::pair(each.ip.family(), each.ip.octets()); });
    }
    std::ranges::sort(interfaces, {}, &Interface::index);
    return interfaces;
}

std::string text_of(const MacAddress& mac) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t octet : mac) {
        if (!text.empty()) text += ':';
        text += digits[octet >> 4];
        text += digits[octet & 15];
    }
    return text;
}

}  // namespace portico::io
