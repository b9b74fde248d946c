// examples/raw/unix_socket.c — a server and a client whose address is a path; the server asks the kernel who the client
// is.
#define _GNU_SOURCE  // struct ucred is Linux's own
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    const struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "hello.sock"};
    const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listening, (const struct sockaddr*)&at, sizeof at) != 0 || listen(listening, 8) != 0) {
        perror("cannot listen");
        return 1;
    }
    const pid_t child = fork();
    if (child == 0) {
        char line[64];
        const int server = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(server, (const struct sockaddr*)&at, sizeof at) != 0) _exit(1);
        const ssize_t length = read(server, line, sizeof line);
        _exit(length > 0 && write(STDOUT_FILENO, line, (size_t)length) == length ? 0 : 1);
    }
    const int client = accept(listening, NULL, NULL);
    struct ucred peer;
    socklen_t size = sizeof peer;
    getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size);  // the kernel's word, which the client can't forge
    dprintf(client, "Hello, %s of user %s\n", peer.pid == child ? "child" : "stranger",
            peer.uid == getuid() ? "me" : "else");
    wait(NULL);
    unlink(at.sun_path);  // the file would stay, and the next bind() would fail
    return 0;
}
