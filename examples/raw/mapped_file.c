// examples/raw/mapped_file.c — a file as memory: what one process stores, another one finds, even when the first has
// ended.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char** argv) {
    const int file = open(argc > 1 ? argv[1] : "runs", O_RDWR | O_CREAT, 0600);
    if (file < 0 || flock(file, LOCK_EX) != 0) {  // one process at a time; the lock ends with the descriptor
        perror("cannot open the file");
        return 1;
    }
    uint64_t* runs = NULL;
    if (ftruncate(file, sizeof *runs) != 0) return 1;  // a new file has eight octets of zeros; an old one stays
    runs = mmap(NULL, sizeof *runs, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (runs == MAP_FAILED) return 1;
    ++*runs;  // no read() and no write(): the page of memory is the page of the file
    printf("run %llu of this program\n", (unsigned long long)*runs);
    return 0;
}
