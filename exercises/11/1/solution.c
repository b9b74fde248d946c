// Says hello at the address in its second argument.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000))};
    const char* address = argc > 2 ? argv[2] : "127.0.0.1";
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1) {
        fprintf(stderr, "%s is not an IPv4 address\n", address);
        return 1;
    }
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 128) != 0) {
        perror("cannot listen");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        if (write(client, "Hello\n", 6) < 0) perror("a client has left");
        close(client);
    }
}
