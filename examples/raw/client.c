// examples/raw/client.c — connects, sends its standard input, half-closes, and prints what comes back.
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

// Copies all octets from one descriptor to another.
static void copy(int from, int to) {
    char octets[16384];
    for (ssize_t size = 0; (size = read(from, octets, sizeof octets)) > 0;) {
        for (ssize_t at = 0, sent = 0; at < size; at += sent) {  // write() may take a part
            sent = write(to, octets + at, (size_t)(size - at));
            if (sent < 0) return;
        }
    }
}

int main(int argc, char** argv) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo* found = NULL;
    if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
        fprintf(stderr, "usage: client HOST PORT\n");
        return 2;
    }
    int connected = -1;
    for (const struct addrinfo* each = found; each != NULL && connected < 0; each = each->ai_next) {
        connected = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (connect(connected, each->ai_addr, each->ai_addrlen) == 0) break;
        perror("cannot connect");
        close(connected);
        connected = -1;
    }
    freeaddrinfo(found);
    if (connected < 0) return 1;
    copy(STDIN_FILENO, connected);
    shutdown(connected, SHUT_WR);  // "that was all"
    copy(connected, STDOUT_FILENO);
    return 0;
}
