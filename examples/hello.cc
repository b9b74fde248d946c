#include <portico/portico.h>
int main(int argc, char** argv) {
    portico::Server server;
    server.get("/", [] { return "Hello from Portico\n"; });
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
