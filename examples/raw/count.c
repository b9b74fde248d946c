// examples/raw/count.c — reads everything that a client sends, and then answers how much that was.
#include "hello.h"

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        if (client < 0) continue;
        char octets[4096];
        long long total = 0;
        ssize_t size = 0;
        while ((size = read(client, octets, sizeof octets)) > 0) total += size;
        if (size == 0) dprintf(client, "%lld octets\n", total);  // the client sends no more, but still reads
        close(client);
    }
}
