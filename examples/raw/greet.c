// examples/raw/greet.c — reads lines from standard input, however their octets arrive; each line is a name to greet.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { line_max = 64 };
struct lines {
    char octets[line_max + 2];
    size_t size;
};

// The next line without its end; NULL at the end of the input, or if the line is too long. Valid until the next call.
static const char* read_line(struct lines* lines, char* line) {
    for (;;) {
        char* end = memchr(lines->octets, '\n', lines->size);
        if (end != NULL) {
            size_t length = (size_t)(end - lines->octets);
            memcpy(line, lines->octets, length);
            lines->size -= length + 1;
            if (length > 0 && line[length - 1] == '\r') --length;
            line[length] = '\0';
            memmove(lines->octets, end + 1, lines->size);  // what came after the line is for the next call
            return line;
        }
        const ssize_t got = read(STDIN_FILENO, lines->octets + lines->size, line_max + 1 - lines->size);
        if (got <= 0) return NULL;  // also where there is no room left: read() of nothing returns 0
        lines->size += (size_t)got;
    }
}

int main(void) {
    struct lines lines = {.size = 0};
    char name[line_max + 2];
    while (read_line(&lines, name) != NULL) printf("Hello, %s\n", name);
    return 0;
}
