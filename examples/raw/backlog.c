// examples/raw/backlog.c — a client connects and sends before the server has called accept().
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};  // port 0: any free one
    socklen_t size = sizeof at;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 1) != 0) return 1;
    getsockname(listening, (struct sockaddr*)&at, &size);  // which port it is
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
    puts("connected, although nobody has called accept()");
    if (write(client, "hello", 5) != 5) return 1;
    puts("sent, too");
    char octets[16];
    const int accepted = accept(listening, NULL, NULL);
    const ssize_t received = read(accepted, octets, sizeof octets);
    printf("accepted, and read: %.*s\n", (int)received, octets);
    return received == 5 ? 0 : 1;
}
