// examples/raw/pipe.c — what the shell does for `echo hello | tr a-z A-Z`: two processes, and a pipe between them.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    int ends[2];  // ends[0] is read from, ends[1] is written to
    if (pipe(ends) != 0) return 1;
    if (fork() == 0) {
        dup2(ends[0], STDIN_FILENO);  // the child's standard input is now the pipe
        close(ends[0]);
        close(ends[1]);  // without this the child would wait for itself: a pipe ends when nobody can write to it
        execlp("tr", "tr", "a-z", "A-Z", (char*)NULL);
        _exit(127);
    }
    close(ends[0]);
    if (write(ends[1], "hello\n", 6) != 6) return 1;
    close(ends[1]);  // the end of the file, for the child
    wait(NULL);
    puts("the child has read to the end");
    return 0;
}
