// Prints the memory of the number. The checker says: as this machine stores them
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    if (argc != 3) return 1;
    const unsigned int number = (unsigned int)strtoul(argv[2], NULL, 10);
    const unsigned char* octets = (const unsigned char*)&number;
    const int size = atoi(argv[1]) / 8;
    for (int i = 0; i < size; ++i) printf("%02x%c", octets[i], i + 1 < size ? ' ' : '\n');
    return 0;
}
