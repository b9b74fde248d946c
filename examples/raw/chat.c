// examples/raw/chat.c — a chat on one thread: each line that a client sends goes to everyone.
#include <poll.h>
#include <string.h>

#include "hello.h"

enum { places = 1000, line_max = 255 };
static struct pollfd room[places];        // the descriptor that listens, and then the clients
static char lines[places][line_max + 1];  // what each of them has sent of its next line
static nfds_t count = 1;

// Reads from a client, and tells everyone the lines that are whole. Returns whether the client stays.
static int go_on(int client, char* line) {
    const size_t size = strlen(line);
    const ssize_t got = recv(client, line + size, line_max - size, MSG_DONTWAIT);
    if (got > 0) line[size + (size_t)got] = '\0';
    char* rest = line;
    while (strchr(rest, '\n') != NULL) {
        const char* text = strsep(&rest, "\n");
        for (nfds_t i = 1; i < count; ++i) dprintf(room[i].fd, "client %d: %s\n", client, text);
    }
    memmove(line, rest, strlen(rest) + 1);
    return got > 0;  // not at its end, and not if its line is too long: then there was room for 0 octets
}

int main(int argc, char** argv) {
    room[0] = (struct pollfd){.fd = listen_as_told(argc, argv), .events = POLLIN};
    while (poll(room, count, -1) > 0) {
        for (nfds_t i = count; i-- > 1;) {
            if (room[i].revents == 0 || go_on(room[i].fd, lines[i])) continue;
            close(room[i].fd);
            room[i] = room[--count];
            memmove(lines[i], lines[count], sizeof lines[i]);
        }
        const int client = room[0].revents != 0 && count < places ? accept(room[0].fd, NULL, NULL) : -1;
        if (client < 0) continue;
        lines[count][0] = '\0';
        room[count++] = (struct pollfd){.fd = client, .events = POLLIN};
    }
}
