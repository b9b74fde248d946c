// portico_json.cc — a note as JSON, generated for each request, with this library.
#include <portico/json.h>
#include <portico/portico.h>

int main(int, char** argv) {
    portico::Server server;
    server.get("/notes/{id}", [](int id) { return portico::Json{{"id", id}, {"text", "Buy milk"}, {"done", false}}; });
    return server.run(argv[1]);
}
