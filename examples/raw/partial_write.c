// examples/raw/partial_write.c — a write takes what fits into the kernel's buffer, and the rest is the program's
// business.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { size = 4 << 20 };
static char octets[size];

int main(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    const ssize_t first = send(ends[0], octets, size, MSG_DONTWAIT);  // nobody reads yet
    printf("the first write took %s\n", first > 0 && first < size ? "a part" : "all or nothing");
    fflush(stdout);  // or the child would print it as well
    if (fork() == 0) {
        close(ends[0]);
        long total = 0;
        for (ssize_t got = 0; (got = read(ends[1], octets, size)) > 0;) total += got;
        printf("the reader has %s\n", total == size ? "everything" : "a part");
        return 0;
    }
    close(ends[1]);
    for (ssize_t at = first; at < size;) {
        const ssize_t took = send(ends[0], octets + at, (size_t)(size - at), MSG_DONTWAIT);
        struct pollfd writable = {.fd = ends[0], .events = POLLOUT};
        if (took < 0 && errno != EAGAIN) return 1;
        if (took > 0)
            at += took;
        else
            poll(&writable, 1, -1);  // until there is room again
    }
    shutdown(ends[0], SHUT_WR);
    wait(NULL);
    return 0;
}
