// examples/raw/too_many.c — accept() fails when the process has no descriptor left, and the client stays in the queue.
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 8) != 0) return 1;
    getsockname(listening, (struct sockaddr*)&at, &size);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
    const struct rlimit all_taken = {.rlim_cur = (rlim_t)client + 1, .rlim_max = (rlim_t)client + 1};
    setrlimit(RLIMIT_NOFILE, &all_taken);  // like `ulimit -n`: the numbers below this one are all in use
    for (int i = 0; i < 2; ++i) {
        if (accept(listening, NULL, NULL) < 0) printf("accept() failed: %s\n", strerror(errno));
    }
    close(STDIN_FILENO);  // one number is free again
    puts(accept(listening, NULL, NULL) >= 0 ? "accepted: the client had waited" : "still no room");
    return 0;
}
