// test/sim/questions.h — requests of all kinds, and what may be answered to each.
#pragma once

#include <optional>
#include <string>

#include "test/sim/http_client.h"
#include "test/sim/world.h"

namespace portico::sim {

// A request, and what the oracle has to remember of it.
struct Question {
    enum class About : std::uint8_t {
        file,      // a path of the disk
        nothing,   // 404
        listing,   // of a folder
        redirect,  // a folder without its slash
        method,    // one that is not answered
        options,
        too_much,   // content or head over a limit
        malformed,  // no request at all
    };
    About about = About::file;
    std::string octets;
    std::string path;  // of the disk
    bool is_head = false;
    bool closes = false;  // the connection ends after the answer
    bool accepts_gzip = false;
    bool expects_continue = false;
    bool is_slow = false;   // sent so slowly that 408 may be the answer
    std::string range;      // as in the field: "bytes=0-9"; empty: none
    Content if_none_match;  // what the entity tags stood for; null: no such condition
    Content if_match;
    Content if_range;
    io::TimePoint asked_at{};
};

[[nodiscard]] Question draw_question(World& world);
[[nodiscard]] Question draw_malformed(World& world);

// What a whole answer means for the connection.
enum class Verdict : std::uint8_t {
    right,   // or wrong, and the world's failures say so
    breaks,  // a mixture of two versions that could not be prevented: the connection has to break behind it
};
[[nodiscard]] Verdict check_answer(World& world, const Question& question, const Answer& answer);

}  // namespace portico::sim
