// examples/raw/time_wait.c — a server that restarts, without and with SO_REUSEADDR.
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(struct sockaddr_in* at, int reuse) {
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    socklen_t size = sizeof *at;
    if (bind(listening, (const struct sockaddr*)at, size) != 0 || listen(listening, 8) != 0) {
        close(listening);
        return -1;
    }
    getsockname(listening, (struct sockaddr*)at, &size);
    return listening;
}

int main(void) {
    for (int reuse = 0; reuse < 2; ++reuse) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const int listening = listen_at(&at, reuse);
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (listening < 0 || connect(client, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
        close(accept(listening, NULL, NULL));  // the server closes first, so TIME-WAIT is on its side
        close(client);
        close(listening);  // "the server has ended", and starts again
        const char* said = listen_at(&at, reuse) < 0 ? strerror(errno) : "listens again";
        printf("%s SO_REUSEADDR: %s\n", reuse ? "with" : "without", said);
    }
    return 0;
}
