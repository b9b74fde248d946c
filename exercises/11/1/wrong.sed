# Listens everywhere. The checker says: 0.0.0.0 (INADDR_ANY) is every address of this host
s/^    const int listening/    at.sin_addr.s_addr = htonl(INADDR_ANY);\n&/
