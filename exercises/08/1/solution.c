// Sends each datagram back.
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char** argv) {
    const int here = socket(AF_INET, SOCK_DGRAM, 0);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(here, (const struct sockaddr*)&at, sizeof at) != 0) {
        perror("cannot bind");
        return 1;
    }
    for (;;) {
        char octets[65536];
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        const ssize_t length = recvfrom(here, octets, sizeof octets, 0, (struct sockaddr*)&from, &size);
        if (length >= 0) sendto(here, octets, (size_t)length, 0, (const struct sockaddr*)&from, size);
    }
}
