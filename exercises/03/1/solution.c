// Prints the octets of a number in network byte order.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    if (argc != 3) return 1;
    const unsigned long number = strtoul(argv[2], NULL, 10);
    for (int shift = atoi(argv[1]) - 8; shift >= 0; shift -= 8) {
        printf("%02lx%c", number >> shift & 0xff, shift > 0 ? ' ' : '\n');
    }
    return 0;
}
