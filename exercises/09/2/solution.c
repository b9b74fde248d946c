// Echoes at a Unix socket.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void echo(int client) {
    char octets[4096];
    ssize_t size = 0;
    while ((size = read(client, octets, sizeof octets)) > 0) {
        for (ssize_t at = 0, sent = 0; at < size; at += sent) {
            sent = write(client, octets + at, (size_t)(size - at));
            if (sent < 0) return;
        }
    }
}

int main(int argc, char** argv) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (argc != 2 || strlen(argv[1]) >= sizeof at.sun_path) {
        fprintf(stderr, "usage: echo PATH\n");
        return 1;
    }
    strcpy(at.sun_path, argv[1]);
    unlink(argv[1]);  // left over from the last run
    const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 128) != 0) {
        perror("cannot listen");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        echo(client);
        close(client);
    }
}
