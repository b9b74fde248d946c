// Counts signals.
#include <signal.h>
#include <stdio.h>

int main(void) {
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR1);
    sigaddset(&awaited, SIGTERM);
    sigprocmask(SIG_BLOCK, &awaited, NULL);  // before anybody learns that we are ready
    setvbuf(stdout, NULL, _IOLBF, 0);        // each line at once, even into a pipe
    puts("ready");
    for (int count = 0;;) {
        const int number = sigwaitinfo(&awaited, NULL);
        if (number == SIGTERM) break;
        if (number == SIGUSR1) printf("%d\n", ++count);
    }
    puts("bye");
    return 0;
}
