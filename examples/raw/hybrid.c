// examples/raw/hybrid.c — a pool of processes, each with a pool of threads: all of them accept from one queue.
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "hello.h"

enum { processes = 4, threads = 32 };

static void* accept_and_serve(void* listening) {
    for (;;) {
        const int client = accept(*(int*)listening, NULL, NULL);  // the kernel wakes one of those that wait
        if (client >= 0) serve(client);
    }
    return NULL;
}

static void run_threads(int listening) {
    pthread_t thread;
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // Linux: end with the parent
    for (int i = 1; i < threads; ++i) pthread_create(&thread, NULL, accept_and_serve, &listening);
    accept_and_serve(&listening);
}

int main(int argc, char** argv) {
    int listening = listen_as_told(argc, argv);
    for (int i = 0; i < processes; ++i) {
        if (fork() == 0) run_threads(listening);
    }
    while (wait(NULL) > 0) {  // a process has crashed, with up to 32 clients: the others have not noticed
        if (fork() == 0) run_threads(listening);
    }
    return 1;
}
