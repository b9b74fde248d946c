// Says whether two IPv4 addresses agree in the first bits.
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    struct in_addr one, other;
    if (argc != 4 || inet_pton(AF_INET, argv[1], &one) != 1 || inet_pton(AF_INET, argv[2], &other) != 1) {
        fprintf(stderr, "usage: same_network ADDRESS ADDRESS BITS\n");
        return 1;
    }
    const int bits = atoi(argv[3]);
    const uint32_t differing = ntohl(one.s_addr) ^ ntohl(other.s_addr);
    const int same = bits == 0 || differing >> (32 - bits) == 0;  // a shift by 32 is undefined
    puts(same ? "yes" : "no");
    return 0;
}
