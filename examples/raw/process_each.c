// examples/raw/process_each.c — a process for each client.
#include <sys/wait.h>

#include "hello.h"

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;  // takes leave of children that have ended: no zombies remain
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
