// test/sim/questions.h — requests of all kinds, and which answers each may get.
#pragma once

#include <optional>
#include <string>

#include "test/sim/http_client.h"
#include "test/sim/world.h"

namespace portico::sim {

// A request, and what the oracle must know about it.
struct Question {
    enum class About : std::uint8_t {
        file,      // a path of the disk
        nothing,   // 404
        listing,   // of a folder
        redirect,  // a folder without its slash
        method,    // one that the server does not support
        options,
        too_much,   // content or head over a limit
        malformed,  // octets that are not a request
        handler,    // a program's handler: see `statuses`
    };
    About about = About::file;
    std::string octets;
    std::string path;  // of the disk
    bool is_head = false;
    bool closes = false;  // the connection must end after the answer
    bool accepts_gzip = false;
    bool expects_continue = false;
    bool may_close = false;  // the answer may announce that it is the last
    bool is_slow = false;    // sent so slowly that the answer may be 408
    std::string range;       // as in the field: "bytes=0-9"; empty: none
    Content if_none_match;   // what the entity tags stood for; null: no such condition
    Content if_match;
    Content if_range;
    std::vector<int> statuses;           // a handler must answer with one of these
    std::optional<std::string> content;  // the content of a handler's answer, if known
    bool breaks = false;                 // the answer is never complete
    bool may_be_lost = false;            // a reset may overtake the answer
    io::TimePoint asked_at{};
    io::TimePoint sent_at = io::never;  // when the last octet was sent; never: not all could be sent
};

// The longest time that a question asks a handler to wait.
inline constexpr std::chrono::seconds program_wait_max{3};

// Draws a question about the files, or about the program.
[[nodiscard]] Question draw_question(World& world);
[[nodiscard]] Question draw_program_question(World& world);
[[nodiscard]] Question draw_malformed(World& world);

// What a complete answer means for the connection.
enum class Verdict : std::uint8_t {
    right,   // or wrong, and recorded in the world's failures
    breaks,  // an unavoidable mixture of two versions: the connection must break afterwards
};
[[nodiscard]] Verdict check_answer(World& world, const Question& question, const Answer& answer);

}  // namespace portico::sim
