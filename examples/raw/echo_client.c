// examples/raw/echo_client.c — sends each line of its standard input, and prints the line that comes back before the
// next.
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(const char* host, const char* port) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo* found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
    int connected = -1;
    for (const struct addrinfo* each = found; each != NULL && connected < 0; each = each->ai_next) {
        const int tried = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (connect(tried, each->ai_addr, each->ai_addrlen) == 0)
            connected = tried;
        else
            close(tried);
    }
    freeaddrinfo(found);
    return connected;
}

int main(int argc, char** argv) {
    const int server = argc == 3 ? connect_to(argv[1], argv[2]) : -1;
    if (server < 0) {
        fprintf(stderr, "usage: echo_client HOST PORT, of a server that listens\n");
        return 1;
    }
    FILE* answers = fdopen(dup(server), "r");  // fgets() is C's own line reader; its buffer keeps what follows the line
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t size = strlen(line);
        if (write(server, line, size) != (ssize_t)size) return 1;  // a line fits into the kernel's empty buffer
        if (fgets(line, sizeof line, answers) == NULL) return 1;   // the server has left
        printf("echo: %s", line);
    }
    return 0;  // which closes the connection: the server reads to the end of the file
}
