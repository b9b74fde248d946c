// portico/io/interfaces.h — the machine's network interfaces.
//
// Room io: see error.h.
// Threads:   any. A few system calls, none of which waits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/address.h"
#include "portico/io/error.h"

namespace portico::io {

// A hardware address, in the order in which it is written.
using MacAddress = std::array<std::uint8_t, 6>;

// An address of an interface, and its network.
struct InterfaceAddress {
    IpAddress ip;              // link-local ones with their zone
    unsigned prefix_bits = 0;  // how many of its first bits all of the network share: 24 for "/24"

    friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

// What a machine is attached to a network by (netdevice(7)).
struct Interface {
    std::uint32_t index = 0;                  // from 1; an address's zone
    std::string name;                         // "eth0"
    std::optional<MacAddress> mac;            // of Ethernet and its like; none where it is all zeros
    unsigned mtu = 0;                         // octets; 0: unknown
    bool is_up = false;                       // switched on
    bool is_running = false;                  // and connected
    bool is_loopback = false;                 // leads to this host alone
    std::vector<InterfaceAddress> addresses;  // by family, IPv4 first, and octets
};

// All of them, by index. Errors: those of getifaddrs(3).
Result<std::vector<Interface>> list_interfaces();

// "02:42:ac:11:00:02"
std::string text_of(const MacAddress& mac);

}  // namespace portico::io
