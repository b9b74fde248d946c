// portico_hello.cc — "Hello, world" with this library: the first program of docs/library.md.
#include <portico/portico.h>

int main(int, char** argv) {
    portico::Server server;
    server.get("/", [] { return "Hello, world\n"; });
    return server.run(argv[1]);
}
