// examples/raw/connect_in_time.c — a client that gives up if connecting takes too long, and a server that is too busy.
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Connects within this time, which is in milliseconds. Returns 0, or the error's number.
static int connect_in_time(int client, const struct sockaddr_in* to, int patience) {
    int error = 0;
    socklen_t size = sizeof error;
    struct pollfd connecting = {.fd = client, .events = POLLOUT};
    if (connect(client, (const struct sockaddr*)to, sizeof *to) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (poll(&connecting, 1, patience) == 0) return ETIMEDOUT;
    getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size);  // how it has ended
    return error;
}

static void try_to_connect(const struct sockaddr_in* to) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);  // connect() does not wait
    const int error = connect_in_time(client, to, 300);
    puts(error == 0 ? "connected" : strerror(error));
}

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 0) != 0) return 1;
    getsockname(listening, (struct sockaddr*)&at, &size);
    try_to_connect(&at);  // takes the only place in the queue, and keeps it: nobody calls accept()
    try_to_connect(&at);  // gets no answer
    close(listening);
    try_to_connect(&at);  // gets an answer at once: nobody listens
    return 0;
}
