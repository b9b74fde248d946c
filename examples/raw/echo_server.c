// examples/raw/echo_server.c — sends each octet back, to one client after the other.
#include "hello.h"

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        char octets[4096];
        ssize_t size = 0;
        if (client < 0) continue;
        while ((size = read(client, octets, sizeof octets)) > 0) {
            for (ssize_t at = 0, sent = 0; at < size && sent >= 0; at += sent) {
                sent = write(client, octets + at, (size_t)(size - at));
            }
        }
        close(client);
    }
}
