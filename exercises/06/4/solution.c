// Greets in messages with a length, and refuses those that are too long.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { text_max = 1000, greeting_max = text_max + 7 };

static size_t read_whole(int from, void* octets, size_t size) {
    size_t have = 0;
    for (ssize_t got; have < size && (got = read(from, (char*)octets + have, size - have)) > 0;) have += (size_t)got;
    return have;
}

static void write_message(int to, const char* text, size_t length) {
    char octets[4 + greeting_max];
    const uint32_t head = htonl((uint32_t)length);
    memcpy(octets, &head, 4);
    memcpy(octets + 4, text, length);
    size_t at = 0;
    for (ssize_t took; at < 4 + length && (took = write(to, octets + at, 4 + length - at)) > 0;) at += (size_t)took;
}

// Returns the last message for the client: why it is not served any longer, or NULL if it has ended by itself.
static const char* serve(int client) {
    char greeting[greeting_max] = "Hello, ";
    uint32_t length = 0;
    for (size_t have; (have = read_whole(client, &length, 4)) > 0;) {
        length = ntohl(length);  // without a sign: 0xffffffff is more than 1000
        if (have == 4 && length > text_max) return "too long";
        if (have < 4 || read_whole(client, greeting + 7, length) < length) return "cut off";
        write_message(client, greeting, 7 + length);
    }
    return NULL;
}

int main(int argc, char** argv) {
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 128) != 0) return 1;
    signal(SIGPIPE, SIG_IGN);
    for (char rest[4096];;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        const char* last = serve(client);
        if (last != NULL) write_message(client, last, strlen(last));
        shutdown(client, SHUT_WR);
        while (read(client, rest, sizeof rest) > 0) continue;  // a reset would destroy the answer
        close(client);
    }
}
