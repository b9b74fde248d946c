// Answers after one line, whatever follows it.
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { answer_size = 1000000 };

static void serve(int client) {
    static char answer[answer_size];
    memset(answer, 'x', sizeof answer);
    char octet = 0;
    while (octet != '\n') {
        if (read(client, &octet, 1) != 1) return;
    }
    for (ssize_t at = 0, sent = 0; at < answer_size; at += sent) {
        sent = write(client, answer + at, (size_t)(answer_size - at));
        if (sent < 0) return;
    }
    shutdown(client, SHUT_WR);
    char rest[4096];
    while (read(client, rest, sizeof rest) > 0) continue;
}

int main(int argc, char** argv) {
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 128) != 0) {
        perror("cannot listen");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        serve(client);
        close(client);
    }
}
