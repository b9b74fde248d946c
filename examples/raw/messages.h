// examples/raw/messages.h — messages on a stream: a length of four octets, in network byte order, and as many octets.
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { message_max = 1000, the_end = -1, cut_off = -2, too_long = -3 };

// Reads until it has all of these octets, or there are no more. Returns how many it has.
static inline size_t read_whole(int from, void* octets, size_t size) {
    size_t have = 0;
    for (ssize_t got; have < size && (got = read(from, (char*)octets + have, size - have)) > 0;) have += (size_t)got;
    return have;
}

// Reads a message into room for message_max octets. Returns its length, or why there is none.
static inline int read_message(int from, char* message) {
    uint32_t length = 0;
    const size_t have = read_whole(from, &length, sizeof length);
    if (have < sizeof length) return have == 0 ? the_end : cut_off;
    length = ntohl(length);
    if (length > message_max) return too_long;  // before anything is done with it
    return read_whole(from, message, length) == length ? (int)length : cut_off;
}

// Writes a message: its length and its octets with one call. Returns whether the kernel has taken it.
static inline int write_message(int to, const char* message, size_t length) {
    if (length > message_max) return 0;
    char octets[sizeof(uint32_t) + message_max];
    const uint32_t head = htonl((uint32_t)length);
    memcpy(octets, &head, sizeof head);
    memcpy(octets + sizeof head, message, length);
    const size_t size = sizeof head + length;
    size_t at = 0;
    for (ssize_t took; at < size && (took = write(to, octets + at, size - at)) > 0;) at += (size_t)took;
    return at == size;
}
