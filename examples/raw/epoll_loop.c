// examples/raw/epoll_loop.c — all clients on one thread; the kernel keeps the list, and names only those that are
// ready.
#include <sys/epoll.h>

#include "hello.h"

enum { events_max = 64 };

static void watch(int queue, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
}

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    const int queue = epoll_create1(0);
    watch(queue, listening);
    for (;;) {
        struct epoll_event ready[events_max];
        const int count = epoll_wait(queue, ready, events_max, -1);
        for (int i = 0; i < count; ++i) {
            char rest[4096];
            int client = ready[i].data.fd;
            if (client != listening) {
                if (recv(client, rest, sizeof rest, MSG_DONTWAIT) <= 0) close(client);  // which ends the watch, too
                continue;
            }
            client = accept(listening, NULL, NULL);
            if (client < 0) continue;
            if (write(client, "Hello from C\n", 13) == 13) shutdown(client, SHUT_WR);
            watch(queue, client);
        }
    }
}
