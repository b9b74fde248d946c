// Requests a target, and prints its content.
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

int main(int argc, char** argv) {
    if (argc != 3) return 1;
    const int connected = socket(AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(connected, (const struct sockaddr*)&at, sizeof at) != 0) {
        perror("cannot connect");
        return 1;
    }
    dprintf(connected, "GET %s HTTP/1.1\r\nHost: localhost:%s\r\n\r\n", argv[2], argv[1]);
    FILE* server = fdopen(connected, "r");
    char* line = NULL;
    size_t room = 0;
    int status = 0;
    long length = 0;
    if (server == NULL || getline(&line, &room, server) < 0 || sscanf(line, "HTTP/1.1 %d", &status) != 1) return 1;
    while (getline(&line, &room, server) > 0 && strcmp(line, "\r\n") != 0) {
        if (strncasecmp(line, "Content-Length:", 15) == 0) length = atol(line + 15);
    }
    if (status != 200) {
        fprintf(stderr, "%s: status %d\n", argv[2], status);
        return 1;
    }
    for (; length > 0; --length) {
        const int octet = getc(server);
        if (octet == EOF) return 1;  // cut
        putchar(octet);
    }
    return 0;
}
