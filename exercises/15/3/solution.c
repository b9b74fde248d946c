// Counts signals, and tells the number.
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t count = 0;

static void add_one(int number) {
    (void)number;
    ++count;
}

int main(int argc, char** argv) {
    const struct sigaction action = {.sa_handler = add_one};  // without SA_RESTART
    sigaction(SIGUSR1, &action, NULL);
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
        if (client < 0) continue;  // for instance EINTR
        for (;;) {
            char octets[256];
            const ssize_t size = read(client, octets, sizeof octets);
            if (size < 0 && errno == EINTR) continue;
            if (size <= 0) break;
            for (ssize_t i = 0; i < size; ++i) {
                if (octets[i] == '\n') dprintf(client, "%d\n", (int)count);
            }
        }
        close(client);
    }
}
