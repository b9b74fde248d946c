// examples/raw/interrupted.c — a signal interrupts a call that waits: EINTR, unless the handler asks for a restart.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int number) { (void)number; }

int main(void) {
    for (int restarts = 0; restarts < 2; ++restarts) {
        const struct sigaction action = {.sa_handler = do_nothing, .sa_flags = restarts ? SA_RESTART : 0};
        sigaction(SIGUSR1, &action, NULL);
        int ends[2];
        if (pipe(ends) != 0) return 1;
        const pid_t parent = getpid();
        const pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 15; ++i) {  // the parent may not wait yet when the first one comes
                usleep(20000);
                kill(parent, SIGUSR1);
            }
            return write(ends[1], "hello", 5) == 5 ? 0 : 1;
        }
        char octets[8];
        const ssize_t got = read(ends[0], octets, sizeof octets);
        printf("%s SA_RESTART: ", restarts ? "with" : "without");
        if (got < 0)
            printf("read() failed: %s\n", strerror(errno));
        else
            printf("read() returned %zd octets\n", got);
        fflush(stdout);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;  // waiting for a child is interrupted, too
    }
    return 0;
}
