// Greets each line.
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int client) {
    FILE* lines = fdopen(client, "r");  // has a buffer, and keeps what comes after a line
    char* line = NULL;
    size_t room = 0;
    if (lines == NULL) {
        close(client);
        return;
    }
    while (getline(&line, &room, lines) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        dprintf(client, "Hello, %s\n", line);
    }
    free(line);
    fclose(lines);  // closes the descriptor as well
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
        if (client >= 0) serve(client);
    }
}
