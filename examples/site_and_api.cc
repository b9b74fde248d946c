#include <portico/portico.h>
int main(int argc, char** argv) {
    int visits = 0;
    portico::Server server;
    server.files("/", "public");
    server.get("/api/visits", [&] { return std::to_string(++visits); });
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
