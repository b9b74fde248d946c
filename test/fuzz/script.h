// test/fuzz/script.h — the input of the fuzz targets that play whole connections: what several clients do to a server,
// one action after another. A script is text, so that people can read and write the corpus.
//
//   seed 7                              the seed of the simulated kernel
//   0 head 60 300 /dir                  connection 0 asks 60 times, with a query of 300 octets after the path
//   0 get 1 0 /a|Range: bytes=0-9       one request with an additional field
//   1 post 2 5000 /echo                 two requests with 5000 octets of content each
//   1 chunks 1 5000 /echo               the same in chunks
//   0 send GET / HTTP/1.1\r\nHost: a    these octets
//   0 read 4000                         reads at most this many octets
//   0 pause 500                         milliseconds
//   0 finish                            half-closes; `reset` and `close` end the connection
//   0 fault 30 disk                     from now on, disk faults with this probability in thousandths: see player.cc
//   0 change 900 /a.txt                 a file gets new content of this size
//   0 drain                             like SIGTERM; `stop` is like a second one
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace portico::fuzz {

enum class Verb : std::uint8_t {
    get,
    head,
    options,
    post,
    chunks,
    send,
    read,
    pause,
    finish,
    reset,
    close,
    fault,
    change,
    drain,
    stop,
};
inline constexpr std::size_t verbs = 15;
inline constexpr std::uint32_t connections_max = 4;
inline constexpr std::size_t actions_max = 64;

struct Action {
    std::uint32_t connection = 0;
    Verb verb = Verb::get;
    std::uint32_t number = 0;  // repetitions, octets or milliseconds
    std::uint32_t octets = 0;  // of a query, or of content
    std::string text;

    bool operator==(const Action&) const = default;
};

struct Script {
    std::uint32_t seed = 0;
    std::vector<Action> actions;

    bool operator==(const Script&) const = default;
};

// Lines without a valid action are skipped, so any octets are a script.
[[nodiscard]] Script read_script(std::string_view text);
// Writes a script so that read_script() returns the same one.
[[nodiscard]] std::string write_script(const Script& script);

// The words from which requests are built.
struct Words {
    std::vector<std::string_view> paths;
    std::vector<std::string_view> fields;
    std::vector<std::string_view> faults;
};
// Changes one thing or a few.
void mutate(Script& script, const Words& words, std::minstd_rand& chance);

struct Requests {
    std::string octets;
    std::uint32_t count = 0;  // fewer than the action asks for if they would be very large together
};
// Returns the requests that `action` stands for (get, head, options, post or chunks).
[[nodiscard]] Requests requests_of(const Action& action);

}  // namespace portico::fuzz
