// examples/raw/message_server.c — sends each message back, to one client after the other.
#include "hello.h"
#include "messages.h"

int main(int argc, char** argv) {
    const int listening = listen_as_told(argc, argv);
    for (;;) {
        const int client = accept(listening, NULL, NULL);
        char message[message_max];
        int length = 0;
        if (client < 0) continue;
        while ((length = read_message(client, message)) >= 0) write_message(client, message, (size_t)length);
        if (length == cut_off) write_message(client, "cut off", 7);
        if (length == too_long) write_message(client, "too long", 8);
        shutdown(client, SHUT_WR);
        while (read(client, message, sizeof message) > 0) continue;  // a reset would destroy the answer
        close(client);
    }
}
