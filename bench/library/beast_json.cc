// beast_json.cc — a note as JSON, generated for each request, with Boost.Beast and nlohmann's library.
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "beast_server.h"

Answer answer_to(const Request& request) {
    std::string_view path(request.target().data(), request.target().size());
    int id = 0;
    const bool is_note = request.method() == http::verb::get && path.starts_with("/notes/");
    if (is_note) path.remove_prefix(7);
    const auto [stopped_at, failure] = std::from_chars(path.data(), path.data() + path.size(), id);
    if (!is_note || failure != std::errc{} || stopped_at != path.data() + path.size()) {
        return make_answer(request, http::status::not_found, "text/plain", "not found\n");
    }
    const nlohmann::json note{{"id", id}, {"text", "Buy milk"}, {"done", false}};
    return make_answer(request, http::status::ok, "application/json", note.dump());
}

int main(int, char** argv) { return serve(argv[1]); }
