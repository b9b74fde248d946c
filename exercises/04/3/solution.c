// Prints everything that a server sends.
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(server, (const struct sockaddr*)&at, sizeof at) != 0) {
        perror("cannot connect");
        return 1;
    }
    char octets[4096];
    ssize_t size = 0;
    while ((size = read(server, octets, sizeof octets)) > 0) fwrite(octets, 1, (size_t)size, stdout);
    return size == 0 ? 0 : 1;
}
