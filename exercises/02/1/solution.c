// Prints the addresses of a host.
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char** argv) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo* found = NULL;
    if (argc != 2) return 1;
    const int error = getaddrinfo(argv[1], NULL, &hints, &found);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", argv[1], gai_strerror(error));
        return 1;
    }
    for (const struct addrinfo* each = found; each != NULL; each = each->ai_next) {
        char host[NI_MAXHOST];
        if (getnameinfo(each->ai_addr, each->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0) puts(host);
    }
    freeaddrinfo(found);
    return 0;
}
