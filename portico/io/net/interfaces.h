// portico/io/net/interfaces.h — the machine's network interfaces.
//
// Room io: see error.h.
// Threads:   any. Makes a few system calls that do not wait.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/error.h"
#include "portico/io/net/address.h"

namespace portico::io {

// A hardware address, in written order.
using MacAddress = std::array<std::uint8_t, 6>;

// An address of an interface, and its network.
struct InterfaceAddress {
    IpAddress ip;              // link-local ones with their zone
    unsigned prefix_bits = 0;  // the number of leading bits that the network shares: 24 for "/24"

    friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

// What attaches a machine to a network (netdevice(7)).
struct Interface {
    std::uint32_t index = 0;                  // from 1; an address's zone
    std::string name;                         // "eth0"
    std::optional<MacAddress> mac;            // of Ethernet and similar; none if it is all zeros
    unsigned mtu = 0;                         // octets; 0: unknown
    bool is_up = false;                       // switched on
    bool is_running = false;                  // and connected
    bool is_loopback = false;                 // leads to this host alone
    std::vector<InterfaceAddress> addresses;  // sorted by family, IPv4 first, then by octets
};

// Returns all interfaces, sorted by index. Errors: those of getifaddrs(3).
Result<std::vector<Interface>> list_interfaces();

// "02:42:ac:11:00:02"
std::string text_of(const MacAddress& mac);

}  // namespace portico::io
