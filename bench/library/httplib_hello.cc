// httplib_hello.cc — "Hello, world" with cpp-httplib, as at the beginning of its README.md.
#include <httplib.h>

int main(int, char** argv) {
    httplib::Server server;
    server.Get("/", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("Hello, world\n", "text/plain");
    });
    return server.listen("127.0.0.1", std::stoi(argv[1])) ? 0 : 1;
}
