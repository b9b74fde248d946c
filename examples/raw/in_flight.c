// examples/raw/in_flight.c — closing with unread input resets the connection, and what is in flight is lost.
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "hello.h"

// Answers without having read all that was sent; then reads the rest, or doesn't, and closes.
static void answer(int client, int drains) {
    static char octets[16 << 20];
    if (read(client, octets, 4) != 4 || write(client, octets, sizeof octets) < 0) exit(1);
    if (drains) shutdown(client, SHUT_WR);
    while (drains && read(client, octets, sizeof octets) > 0) continue;
    _exit(0);  // closes what is open; exit() would also print what printf() has kept for the parent
}

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 8) != 0) return 1;
    getsockname(listening, (struct sockaddr*)&at, &size);
    for (int drains = 0; drains < 2; ++drains) {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
        if (fork() == 0) answer(accept(listening, NULL, NULL), drains);
        if (write(client, "more than four", 14) != 14 || shutdown(client, SHUT_WR) != 0) return 1;
        char octets[4096];
        long total = 0;
        ssize_t got = 0;
        while ((got = read(client, octets, sizeof octets)) > 0) total += got;
        printf("%s %s, then: %s\n", drains ? "drain and close:" : "close:", total == 16 << 20 ? "everything" : "a part",
               got == 0 ? "the end" : strerror(errno));
        close(client);
        wait(NULL);
    }
    return 0;
}
