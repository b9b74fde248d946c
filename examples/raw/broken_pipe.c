// examples/raw/broken_pipe.c — what happens to a process that writes to a peer that has gone.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// Writes to a peer that has closed its end. Returns what write() says.
static const char* write_to_nobody(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return "no sockets";
    close(ends[1]);
    return write(ends[0], "hello", 5) < 0 ? strerror(errno) : "written";
}

int main(void) {
    for (int ignored = 0; ignored < 2; ++ignored) {
        const pid_t child = fork();
        if (child == 0) {
            signal(SIGPIPE, ignored ? SIG_IGN : SIG_DFL);  // a shell that ignores it passes that on
            printf("write() says: %s\n", write_to_nobody());
            return 0;
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status))
            printf("SIGPIPE as usual: the process was killed (%s)\n", strsignal(WTERMSIG(status)));
        else
            puts("SIGPIPE ignored: the process went on");
        fflush(stdout);
    }
    return 0;
}
