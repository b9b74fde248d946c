// examples/raw/slow_client.c — a client that sends an octet now and then: a time limit for each read never catches it.
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

// Reads a request of at most 8 octets. Gives up if one read takes 0.9 s, and at the deadline.
static const char* read_request(int client, double deadline) {
    char octet;
    for (int size = 0; size < 8; ++size) {
        const double left = deadline - now() < 0.9 ? deadline - now() : 0.9;
        if (left <= 0) return "gave up at the deadline";
        const struct timeval patience = {.tv_usec = (suseconds_t)(left * 1e6) + 1};
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (read(client, &octet, 1) < 0) return left < 0.9 ? "gave up at the deadline" : "gave up in one read";
    }
    return "waited for the whole request";
}

int main(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    if (fork() == 0) {
        for (int i = 0; i < 12; ++i) usleep(50000), (void)!write(ends[1], "a", 1);
        return 0;
    }
    printf("0.9 s for each read: %s\n", read_request(ends[0], now() + 3600));
    printf("and 0.2 s for all of it: %s\n", read_request(ends[0], now() + 0.2));
    return 0;
}
