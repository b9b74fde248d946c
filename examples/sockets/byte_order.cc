// examples/sockets/byte_order.cc — the octets of one number, in the orders of two kinds of machines and of the network.
//
// usage: byte_order [NUMBER]    such as a port; default: 443
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>

#include "portico/base/byte_order.h"

namespace {

void print(const char* what, std::span<const unsigned char, 2> octets) {
    std::printf("%-22s %02x %02x\n", what, unsigned{octets[0]}, unsigned{octets[1]});
}

}  // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 443;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);

    std::array<unsigned char, 2> octets{};
    std::printf("%u\n", unsigned{port});
    portico::store_big(std::span(octets), port);
    print("most significant first", octets);  // network order (RFC 791, appendix B): as in struct sockaddr_in
    std::printf("%-22s %u\n", "  read the wrong way", unsigned{portico::load_little<std::uint16_t>(std::span(octets))});
    portico::store_little(std::span(octets), port);
    print("least significant first", octets);
    std::printf("this machine: %s significant first\n", std::endian::native == std::endian::big ? "most" : "least");
    return 0;
}
