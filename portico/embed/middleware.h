// portico/embed/middleware.h — ready-made middleware: server.use(portico::cors());
//
// Room embed: see response.h.
// Threads:   every core may call a middleware at the same time; it holds only data that does not change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/embed/next.h"
#include "portico/route/cors_options.h"

namespace portico {

// Writes a line to `stream` for each request: method, target, status and milliseconds. For development: requests wait
// until the line is written. Options::access_log does not make them wait.
[[nodiscard]] Middleware log_to(std::FILE* stream);

using route::CorsCredentials;
using route::CorsOptions;

// Lets scripts of other sites read the answers (Fetch standard, CORS), and answers their preflight requests. `origins`
// are written as browsers send them: "https://app.example". If the list is empty or contains "*", every site is
// allowed, but never with credentials.
[[nodiscard]] Middleware cors(std::vector<std::string> origins = {},
                              CorsCredentials credentials = CorsCredentials::none);

// The same, with everything that can be chosen, such as the fields of answers that scripts may read
// (Access-Control-Expose-Headers) and for how long a preflight's answer is remembered.
[[nodiscard]] Middleware cors(CorsOptions options);

// Asks for a user and a password (RFC 7617), and answers 401 unless `check` accepts them. `check` runs on the core that
// serves the request and must not take long. The handler finds the user in Request::user(), and so does the access log,
// which also names users whose password was wrong.
[[nodiscard]] Middleware basic_auth(std::string realm,
                                    std::function<bool(std::string_view user, std::string_view password)> check);

// Refuses content of more than `octets` with 413: at once if its length is announced, otherwise as soon as the handler
// has read that much; then the handler's read() or content() returns the refusal.
[[nodiscard]] Middleware content_at_most(std::uint64_t octets);

// How much content is collected in memory for Request::content(), Json and Form, instead of 1 MiB: 413 for more.
// Limits::content_octets_max applies to all content. The innermost one on the way decides.
[[nodiscard]] Middleware content_in_memory_at_most(std::size_t octets);

// Answers 503 if the handler takes longer than `time`, and ends the handler's task where it waits. If that is in
// offload(), the task ends when the function returns, but the answer does not wait for it. A stream that the handler
// returns is produced afterwards; its time is not limited.
[[nodiscard]] Middleware time_out(std::chrono::milliseconds time);

// Adds X-Request-Id to every answer: the id that the request came with, or a new one.
[[nodiscard]] Middleware request_id();

// Compresses text that is in memory and has at least `octets_min` octets, with br, zstd or gzip, whichever the client
// prefers. Parts (206) and answers with Cache-Control: no-transform stay as they are. A strong ETag gets a suffix,
// "v1-gzip-made", because the octets are different (RFC 9110 §8.8.3); a request that has this tag in If-None-Match is
// answered with 304.
// Each core keeps up to 4 MiB of what it has compressed, and compresses at most two contents at the same time: further
// answers are sent as they are.
[[nodiscard]] Middleware compression(std::size_t octets_min = 1024);

}  // namespace portico
