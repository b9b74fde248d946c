// examples/raw/poll_loop.c — all clients on one thread, which asks the kernel about all of them each time.
#include <poll.h>

#include "hello.h"

enum { descriptors_max = 4096 };

// One step for a client, which never blocks. Returns whether the client stays.
static int go_on(int client) {
    char rest[4096];
    return recv(client, rest, sizeof rest, MSG_DONTWAIT) > 0;
}

int main(int argc, char** argv) {
    static struct pollfd watched[descriptors_max];
    watched[0] = (struct pollfd){.fd = listen_as_told(argc, argv), .events = POLLIN};
    nfds_t count = 1;
    for (;;) {
        if (poll(watched, count, -1) < 0) continue;  // the kernel looks at each of them, ready or not
        for (nfds_t i = count; i-- > 1;) {
            if (watched[i].revents == 0 || go_on(watched[i].fd)) continue;
            close(watched[i].fd);
            watched[i] = watched[--count];
        }
        if (watched[0].revents == 0 || count == descriptors_max) continue;
        const int client = accept(watched[0].fd, NULL, NULL);
        if (client < 0) continue;
        if (write(client, "Hello from C\n", 13) == 13) shutdown(client, SHUT_WR);  // fits into an empty buffer
        watched[count++] = (struct pollfd){.fd = client, .events = POLLIN};
    }
}
