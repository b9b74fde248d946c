// examples/raw/listen_at.c — greets clients at any address of this host, by IPv4 and IPv6, and tells them theirs.
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(const struct addrinfo* at) {
    const int yes = 1, no = 0;
    const int listening = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (at->ai_family == AF_INET6) setsockopt(listening, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);  // IPv4, too
    if (bind(listening, at->ai_addr, at->ai_addrlen) == 0 && listen(listening, 128) == 0) return listening;
    close(listening);
    return -1;
}

int main(int argc, char** argv) {
    const char* host = argc > 2 ? argv[2] : NULL;  // with AI_PASSIVE, no host is every address: 0.0.0.0 or [::]
    const struct addrinfo hints = {
        .ai_flags = AI_PASSIVE, .ai_family = host ? AF_UNSPEC : AF_INET6, .ai_socktype = SOCK_STREAM};
    struct addrinfo* found = NULL;
    const int listening = getaddrinfo(host, argc > 1 ? argv[1] : "8080", &hints, &found) == 0 ? listen_at(found) : -1;
    if (listening < 0) return fprintf(stderr, "cannot listen\n"), 1;
    freeaddrinfo(found);
    signal(SIGPIPE, SIG_IGN);
    puts("Listening");
    fflush(stdout);
    for (;;) {
        struct sockaddr_storage from;  // has room for an address of any family
        socklen_t size = sizeof from;
        char text[NI_MAXHOST] = "";
        const int client = accept(listening, (struct sockaddr*)&from, &size);
        if (client < 0) continue;
        getnameinfo((const struct sockaddr*)&from, size, text, sizeof text, NULL, 0, NI_NUMERICHOST);
        dprintf(client, "Hello, %s\n", text);
        close(client);
    }
}
