// Echoes, with one thread for all clients.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { descriptors_max = 1024 };

// Returns whether the client stays. It is ready, so read() does not block.
static int echo_once(int client) {
    char octets[4096];
    const ssize_t size = read(client, octets, sizeof octets);
    return size > 0 && write(client, octets, (size_t)size) == size;
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
    static struct pollfd watched[descriptors_max];
    watched[0] = (struct pollfd){.fd = listening, .events = POLLIN};
    nfds_t count = 1;
    for (;;) {
        if (poll(watched, count, -1) < 0) continue;
        for (nfds_t i = count; i-- > 1;) {
            if (watched[i].revents == 0 || echo_once(watched[i].fd)) continue;
            close(watched[i].fd);
            watched[i] = watched[--count];
        }
        if (watched[0].revents == 0 || count == descriptors_max) continue;
        const int client = accept(listening, NULL, NULL);
        if (client >= 0) watched[count++] = (struct pollfd){.fd = client, .events = POLLIN};
    }
}
