// test/fuzz/script.h — what several clients do to a server, one action after the other: the input of the fuzz targets
// that play whole connections. A script is text, so that the corpus can be read and written by hand.
//
//   seed 7                              the simulated kernel's chance
//   0 head 60 300 /dir                  connection 0 asks 60 times, with 300 octets of query behind the path
//   0 get 1 0 /a|Range: bytes=0-9       one request with a further field
//   1 post 2 5000 /echo                 two requests, each with 5000 octets of content
//   1 chunks 1 5000 /echo               the same in chunks
//   0 send GET / HTTP/1.1\r\nHost: a    these octets
//   0 read 4000                         reads at most so many octets
//   0 pause 500                         milliseconds
//   0 finish                            half-closes; `reset` and `close` end the connection
//   0 fault 30 disk                     from now on, in one of a thousand: see player.cc
//   0 change 900 /a.txt                 a file gets other content, of this size
//   0 drain                             as SIGTERM; `stop` as the second one
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
    std::uint32_t number = 0;  // times, octets, milliseconds
    std::uint32_t octets = 0;  // of a query, or of content
    std::string text;

    bool operator==(const Action&) const = default;
};

struct Script {
    std::uint32_t seed = 0;
    std::vector<Action> actions;

    bool operator==(const Script&) const = default;
};

// Lines that say nothing are passed over: any octets are a script.
[[nodiscard]] Script read_script(std::string_view text);
// So that read_script() gives the same again.
[[nodiscard]] std::string write_script(const Script& script);

// What a request may be about.
struct Words {
    std::vector<std::string_view> paths;
    std::vector<std::string_view> fields;
    std::vector<std::string_view> faults;
};
// Changes one thing, or a few.
void mutate(Script& script, const Words& words, std::minstd_rand& chance);

// The octets of a request that `action` stands for: get, head, options, post or chunks, all of its times.
[[nodiscard]] std::string requests_of(const Action& action);

}  // namespace portico::fuzz
