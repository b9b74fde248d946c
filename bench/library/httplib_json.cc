// httplib_json.cc — a note as JSON, generated for each request, with cpp-httplib and nlohmann's library.
#include <httplib.h>

#include <nlohmann/json.hpp>

int main(int, char** argv) {
    httplib::Server server;
    server.Get(R"(/notes/(\d+))", [](const httplib::Request& request, httplib::Response& response) {
        int id = 0;
        try {
            id = std::stoi(request.matches[1]);
        } catch (const std::out_of_range&) {
            response.status = 404;
            return;
        }
        const nlohmann::json note{{"id", id}, {"text", "Buy milk"}, {"done", false}};
        response.set_content(note.dump(), "application/json");
    });
    return server.listen("127.0.0.1", std::stoi(argv[1])) ? 0 : 1;
}
