// examples/raw/hello_server.c — says hello to one client after the other.
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
    const int port = argc > 1 ? atoi(argv[1]) : 8080;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);  // IPv4, a stream of octets, and its usual protocol: TCP
    const int yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // although TIME-WAIT remains from the last run
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 1024) != 0) {
        perror("cannot listen");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);  // a client that is gone makes write() fail, and does not end us
    printf("Listening on tcp://127.0.0.1:%d\n", port);
    fflush(stdout);
    for (;;) {
        const int client = accept(listening, NULL, NULL);  // waits for the next one
        if (client < 0) continue;
        if (write(client, "Hello from C\n", 13) == 13) shutdown(client, SHUT_WR);
        char rest[4096];
        while (read(client, rest, sizeof rest) > 0) continue;  // until the client has ended, too
        close(client);
    }
}
