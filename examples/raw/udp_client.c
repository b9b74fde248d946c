// examples/raw/udp_client.c — sends one datagram, waits for the answer for two seconds, and tries three times.
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char** argv) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo* found = NULL;
    if (argc != 4 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
        fprintf(stderr, "usage: udp_client HOST PORT TEXT\n");
        return 2;
    }
    const int here = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(here, found->ai_addr, found->ai_addrlen) != 0) return 1;  // sends nothing: it sets the peer
    freeaddrinfo(found);
    const struct timeval patience = {.tv_sec = 2};
    setsockopt(here, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (int tries = 1; tries <= 3; ++tries) {
        char answer[65536];
        send(here, argv[3], strlen(argv[3]), 0);  // may get lost, and so may the answer
        const ssize_t length = recv(here, answer, sizeof answer, 0);
        if (length >= 0) {
            printf("answer to try %d: %.*s\n", tries, (int)length, answer);
            return 0;
        }
        printf("try %d: %s\n", tries, errno == EAGAIN ? "no answer" : strerror(errno));
    }
    return 1;
}
