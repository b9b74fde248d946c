// Says hello, with a pool of processes that have threads.
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { processes = 2, threads = 4 };

static void* accept_and_serve(void* listening) {
    for (;;) {
        const int client = accept(*(const int*)listening, NULL, NULL);
        if (client < 0) continue;
        char rest[4096];
        if (write(client, "Hello\n", 6) == 6) {
            while (read(client, rest, sizeof rest) > 0) continue;
        }
        close(client);
    }
    return NULL;
}

static void start_child(int listening) {
    if (fork() != 0) return;
    pthread_t thread;
    for (int i = 1; i < threads; ++i) pthread_create(&thread, NULL, accept_and_serve, &listening);
    accept_and_serve(&listening);
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
    for (int i = 0; i < processes; ++i) start_child(listening);
    while (wait(NULL) > 0) start_child(listening);
    return 1;
}
