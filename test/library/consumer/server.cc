// server.cc — a program that contains a server. It sends requests to it without a port, and then lets it listen
// briefly.
#include <portico/portico.h>
#include <portico/testing.h>

#include <iostream>
#include <string>

int main() {
    portico::Server server;
    server.get("/square/{number}", [](int number) { return std::to_string(number * number); });

    {
        portico::TestClient client(server);
        const portico::TestAnswer answer = client.get("/square/12");
        std::cout << answer.status << ' ' << answer.content << '\n';
        if (answer.status != 200 || answer.content != "144") return 1;
    }

    const auto started = server.start("127.0.0.1:0");
    if (!started) {
        std::cerr << started.error() << '\n';
        return 1;
    }
    const bool listens = server.port() != 0;
    server.stop();
    server.wait();
    return listens ? 0 : 1;
}
