// examples/raw/signals.c — a process tells another one that something has happened, and not what.
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR1);
    sigprocmask(SIG_BLOCK, &awaited, NULL);  // it waits until we ask for it, and interrupts nothing
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; ++i) kill(parent, SIGUSR1);
        _exit(0);
    }
    wait(NULL);
    siginfo_t about;
    sigwaitinfo(&awaited, &about);
    printf("signal %d from %s\n", about.si_signo, about.si_pid == child ? "the child" : "a stranger");
    const struct timespec none = {0, 0};
    puts(sigtimedwait(&awaited, &about, &none) < 0 ? "it was sent three times, and is there once" : "and again");
    return 0;
}
