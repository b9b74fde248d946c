// portico/app/get.h — what the command line of `portico get` asks for.
//
// Room app: see command.h.
// Threads:   none. Functions of their arguments, which may read files.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "portico/app/command.h"
#include "portico/link/client.h"

namespace portico::app {

enum class HeadPrinting : std::uint8_t { none, with_content, alone };
enum class GetTalk : std::uint8_t { usual, errors_only, details };

// What the command line asks for.
struct GetWish {
    link::ClientRequest request{""};
    std::string upload;  // the request's content: a file, "-": standard input; empty: another content, or none
    link::ClientOptions client;
    std::optional<std::chrono::milliseconds> time_max;  // in total
    std::string output;                                 // a file; empty: standard output; "-": the same, unchanged
    HeadPrinting head = HeadPrinting::none;
    GetTalk talk = GetTalk::usual;
    bool fails_on_error_status = false;
    std::string careless;  // the command line that does without verification
};

// What to do, or why the command line is wrong. A URI that can't be requested is reported later, by the client.
[[nodiscard]] std::expected<GetWish, Misuse> get_wish_from(const Arguments& arguments);

// The exit code that curl gives for it.
[[nodiscard]] int exit_code_of(link::Failure::Kind kind);

}  // namespace portico::app
