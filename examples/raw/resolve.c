// examples/raw/resolve.c — the addresses of a name, as the C library finds them: in /etc/hosts, then by DNS.
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char** argv) {
    const char* name = argc > 1 ? argv[1] : "localhost";
    const char* service = argc > 2 ? argv[2] : "http";
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo* found = NULL;
    const int error = getaddrinfo(name, service, &hints, &found);  // may take seconds: it blocks the thread
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", name, gai_strerror(error));
        return 1;
    }
    for (const struct addrinfo* each = found; each != NULL; each = each->ai_next) {
        char host[NI_MAXHOST], port[NI_MAXSERV];
        // The way back, from a socket address to text; without NI_NUMERICHOST it would ask DNS for a name.
        getnameinfo(each->ai_addr, each->ai_addrlen, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        printf("%s port %s: socket(%s, SOCK_STREAM, %d)\n", host, port,
               each->ai_family == AF_INET6 ? "AF_INET6" : "AF_INET", each->ai_protocol);
    }
    freeaddrinfo(found);
    return 0;
}
