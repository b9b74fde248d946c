// examples/sockets/byte_order.cc — one number, as two kinds of machines and the network put it into octets.
//
// usage: byte_order [NUMBER]    a port's, 443 unless said otherwise
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
    print("most significant first", octets);  // network order (RFC 791, appendix B): what struct sockaddr_in holds
    std::printf("%-22s %u\n", "  read the wrong way", unsigned{portico::load_little<std::uint16_t>(std::span(octets))});
    portico::store_little(std::span(octets), port);
    print("least significant first", octets);
    std::printf("this machine: %s significant first\n", std::endian::native == std::endian::big ? "most" : "least");
    return 0;
}
