// examples/raw/process_each.c — a process for each client.
#include "hello.h"

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    signal(SIGCHLD, SIG_IGN);  // the kernel forgets children that have ended: no zombies, and no exit statuses
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        const pid_t child = fork();  // from here on, both processes have both descriptors
        if (child == 0) {
            close(listening);
            serve(client);
            _exit(0);
        }
        close(client);  // ours; the connection stays open in the child. No child (-1): the client is turned away
    }
}
