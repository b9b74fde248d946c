// examples/raw/message_client.c — sends each argument as a message, and prints the message that comes back.
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#include "messages.h"

int main(int argc, char** argv) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo* found = NULL;
    if (argc < 4 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
        fprintf(stderr, "usage: message_client HOST PORT MESSAGE...\n");
        return 2;
    }
    const int server = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(server, found->ai_addr, found->ai_addrlen) != 0) {
        perror("cannot connect");
        return 1;
    }
    freeaddrinfo(found);
    for (int i = 3; i < argc; ++i) {
        char answer[message_max];
        const int length = write_message(server, argv[i], strlen(argv[i])) ? read_message(server, answer) : too_long;
        if (length < 0) {
            fprintf(stderr, "message %d: %s\n", i - 2, length == too_long ? "too long" : "no answer");
            return 1;
        }
        printf("%d octets: \"%.*s\"\n", length, length, answer);
    }
    return 0;
}
