// examples/raw/descriptors.c — one listening descriptor, and one for each connection: all with one local port.
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static int port_of(int (*which)(int, struct sockaddr*, socklen_t*), int descriptor) {
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    which(descriptor, (struct sockaddr*)&address, &size);
    return ntohs(address.sin_port);
}

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 8) != 0) return 1;
    getsockname(listening, (struct sockaddr*)&at, &size);
    printf("descriptor %d listens\n", listening);
    for (int i = 0; i < 2; ++i) {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
        const int accepted = accept(listening, NULL, NULL);
        const int same = port_of(getsockname, accepted) == port_of(getsockname, listening);
        printf("descriptor %d is connected: %s port, the client's is 127.0.0.1:%d\n", accepted,
               same ? "the same" : "another", port_of(getpeername, accepted));
    }
    return 0;
}
