#include <portico/json.h>
#include <portico/portico.h>

#include <map>

int main(int argc, char** argv) {
    std::map<int, portico::Json> notes;
    portico::Server server;
    server.get("/notes/{id}", [&](int id) -> std::optional<portico::Json> {
        if (!notes.contains(id)) return std::nullopt;
        return notes[id];
    });
    server.put("/notes/{id}", [&](int id, portico::Json note) { return notes[id] = note; });
    server.del("/notes/{id}",
               [&](int id) { return notes.erase(id) > 0 ? portico::Status::no_content : portico::Status::not_found; });
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
