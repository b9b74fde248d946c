// examples/raw/multicast.c — one datagram, two receivers: both have joined a group.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

// Returns a socket that receives what is sent to the group, on the loopback interface only.
static int join(const struct sockaddr_in* at, const struct ip_mreq* group) {
    const int here = socket(AF_INET, SOCK_DGRAM, 0);
    const int yes = 1;
    setsockopt(here, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // with datagrams: several sockets may have this port
    if (bind(here, (const struct sockaddr*)at, sizeof *at) != 0) return -1;
    return setsockopt(here, IPPROTO_IP, IP_ADD_MEMBERSHIP, group, sizeof *group) == 0 ? here : -1;
}

int main(int argc, char** argv) {
    struct ip_mreq group = {.imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 7000))};
    inet_pton(AF_INET, "239.1.2.3", &group.imr_multiaddr);  // 239.0.0.0/8 is for use within one organization (RFC 2365)
    to.sin_addr = group.imr_multiaddr;
    const int first = join(&to, &group), second = join(&to, &group);
    const int sender = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &group.imr_interface, sizeof group.imr_interface);
    if (first < 0 || second < 0 || sendto(sender, "hello, all", 10, 0, (struct sockaddr*)&to, sizeof to) != 10) {
        perror("multicast");
        return 1;
    }
    char octets[64];
    printf("the first received %zd octets\n", recv(first, octets, sizeof octets, 0));
    printf("the second received %zd octets\n", recv(second, octets, sizeof octets, 0));
    return 0;
}
