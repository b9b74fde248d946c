// examples/raw/byte_order.c — a number of two octets, as this machine stores it and as the network sends it.
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void print(const char* what, uint16_t number) {
    const unsigned char* octets = (const unsigned char*)&number;
    printf("%-12s %02x %02x\n", what, octets[0], octets[1]);
}

int main(int argc, char** argv) {
    const uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 443);
    print("this machine", port);
    print("the network", htons(port));
    printf("read the wrong way: %u\n", htons(port));
    return 0;
}
