// examples/raw/datagrams.c — three datagrams, received as they were sent: one by one.
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int here = socket(AF_INET, SOCK_DGRAM, 0);
    const int there = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(there, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
    getsockname(there, (struct sockaddr*)&at, &size);
    const char* texts[] = {"one", "", "a third, which is long"};
    for (int i = 0; i < 3; ++i) {
        if (sendto(here, texts[i], strlen(texts[i]), 0, (const struct sockaddr*)&at, sizeof at) < 0) return 1;
    }
    for (int i = 0; i < 3; ++i) {
        char room[8];
        struct sockaddr_in from;
        size = sizeof from;
        // MSG_TRUNC: return how long the datagram was, even if it did not fit.
        const ssize_t length = recvfrom(there, room, sizeof room, MSG_TRUNC, (struct sockaddr*)&from, &size);
        const int kept = length > (ssize_t)sizeof room ? (int)sizeof room : (int)length;
        printf("%zd octets from 127.0.0.1:%d: \"%.*s\"\n", length, ntohs(from.sin_port), kept, room);
    }
    return 0;
}
