// Counts the octets of its standard input.
#include <stdio.h>
#include <unistd.h>

int main(void) {
    char octets[4096];
    long long total = 0;
    ssize_t size = 0;
    while ((size = read(STDIN_FILENO, octets, sizeof octets)) > 0) total += size;
    printf("%lld\n", total);
    return size == 0 ? 0 : 1;
}
