# Takes octets for a text. The checker says: read() puts no NUL after the octets
s/fwrite(octets, 1, (size_t)size, stdout)/fputs(octets, stdout)/
