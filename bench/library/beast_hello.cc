// beast_hello.cc — "Hello, world" with Boost.Beast.
#include "beast_server.h"

Answer answer_to(const Request& request) {
    if (request.method() != http::verb::get || request.target() != "/") {
        return make_answer(request, http::status::not_found, "text/plain", "not found\n");
    }
    return make_answer(request, http::status::ok, "text/plain", "Hello, world\n");
}

int main(int, char** argv) { return serve(argv[1]); }
