// Sends much to clients that may be slow, with one thread.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { clients_max = 1024, content_size = 8000000 };
static char content[content_size];
static struct pollfd watched[clients_max + 1];
static size_t sent[clients_max + 1];

// Sends what there is room for. Returns whether the client stays.
static int go_on(nfds_t which) {
    const ssize_t took = send(watched[which].fd, content + sent[which], content_size - sent[which], MSG_DONTWAIT);
    if (took < 0) return 0;
    sent[which] += (size_t)took;
    return sent[which] < content_size;
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
    memset(content, 'x', content_size);
    watched[0] = (struct pollfd){.fd = listening, .events = POLLIN};
    nfds_t count = 1;
    for (;;) {
        if (poll(watched, count, -1) < 0) continue;
        for (nfds_t i = count; i-- > 1;) {
            if (watched[i].revents == 0 || go_on(i)) continue;
            close(watched[i].fd);
            watched[i] = watched[--count];
            sent[i] = sent[count];
        }
        if (watched[0].revents == 0 || count > clients_max) continue;
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        sent[count] = 0;
        watched[count++] = (struct pollfd){.fd = client, .events = POLLOUT};
    }
}
