// examples/raw/shared_memory.c — two processes count in the same memory.
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { rounds = 100000 };

int main(void) {
    // Without a file, and shared: after fork() both processes see one memory, not two copies.
    atomic_int* count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count == MAP_FAILED) return 1;
    const pid_t child = fork();
    for (int i = 0; i < rounds; ++i) ++*count;  // atomic: with a plain int, some of the steps would be lost
    if (child == 0) _exit(0);
    wait(NULL);
    printf("together: %d\n", *count);
    return 0;
}
