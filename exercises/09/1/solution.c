// Runs a command, and counts what it prints.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
    int ends[2];
    if (argc < 2 || pipe(ends) != 0) return 1;
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    close(ends[1]);  // the child's copy is then the last one
    char octets[4096];
    long total = 0;
    ssize_t size = 0;
    while ((size = read(ends[0], octets, sizeof octets)) > 0) total += size;
    int status = 0;
    waitpid(child, &status, 0);
    printf("%ld octets, status %d\n", total, WEXITSTATUS(status));
    return 0;
}
