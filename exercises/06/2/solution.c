// Greets each line, if it is not too long.
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { line_max = 64, room = line_max + 2 };  // with CR LF

static void serve(int client) {
    char octets[room];
    size_t size = 0;
    for (;;) {
        const char* end = memchr(octets, '\n', size);
        if (end == NULL && size < room) {
            const ssize_t got = read(client, octets + size, room - size);
            if (got <= 0) return;
            size += (size_t)got;
            continue;
        }
        size_t length = end == NULL ? room : (size_t)(end - octets);
        const size_t used = length + 1;
        if (end != NULL && length > 0 && octets[length - 1] == '\r') --length;
        if (length > line_max) break;
        dprintf(client, "Hello, %.*s\n", (int)length, octets);
        memmove(octets, octets + used, size -= used);
    }
    dprintf(client, "too long\n");
    shutdown(client, SHUT_WR);
    while (read(client, octets, room) > 0) continue;  // a reset would destroy the answer
}

int main(int argc, char** argv) {
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 128) != 0) {
        perror("cannot listen");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        serve(client);
        close(client);
    }
}
