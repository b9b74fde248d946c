// httplib_kept.cc — httplib_hello.cc with persistent connections. Each of them occupies a thread.
#include <httplib.h>

int main(int, char** argv) {
    httplib::Server server;
    server.set_keep_alive_max_count(1'000'000'000);
    server.Get("/", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("Hello, world\n", "text/plain");
    });
    return server.listen("127.0.0.1", std::stoi(argv[1])) ? 0 : 1;
}
