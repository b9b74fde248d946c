// examples/raw/thread_each.c — a thread for each client.
#include <pthread.h>
#include <stdint.h>

#include "hello.h"

static void* serve_on_thread(void* client) {
    serve((int)(intptr_t)client);
    return NULL;
}

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);  // address space; the memory is what a thread touches of it
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        pthread_t thread;
        if (client < 0) continue;
        if (pthread_create(&thread, &small, serve_on_thread, (void*)(intptr_t)client) != 0) close(client);
    }
}
