// examples/raw/hello.h — what the servers that follow share: how to listen, and how to serve one client.
#pragma once

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// Returns a descriptor that listens on 127.0.0.1, at the port in argv[1].
static inline int listen_as_told(int argc, char** argv) {
    const int port = argc > 1 ? atoi(argv[1]) : 8080;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 1024) != 0) {
        perror("cannot listen");
        exit(1);
    }
    signal(SIGPIPE, SIG_IGN);
    printf("Listening on tcp://127.0.0.1:%d\n", port);
    fflush(stdout);
    return listening;
}

// Says hello, then waits until the client has ended. Blocks for as long as the client likes.
static inline void serve(int client) {
    char rest[4096];
    if (write(client, "Hello from C\n", 13) == 13) shutdown(client, SHUT_WR);
    while (read(client, rest, sizeof rest) > 0) continue;
    close(client);
}
