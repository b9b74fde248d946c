// portico/embed/middleware.h — ready-made middleware: server.use(portico::cors());
//
// Room embed: see response.h.
// Threads:   each is called by every core at the same time, and holds what doesn't change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "portico/embed/routes.h"

namespace portico {

// A line to `stream` for each request: method, target, status, milliseconds. For development: it waits for the stream;
// Options::access_log does not.
[[nodiscard]] Middleware log_to(std::FILE* stream);

// Whether scripts of other sites may send cookies and passwords along, and read what is answered to their owner.
enum class CorsCredentials : std::uint8_t { none, allowed };

// Lets scripts of other sites read the answers (Fetch standard, CORS), and answers their preflight requests. `origins`
// are as browsers say them, "https://app.example". Nobody named, or "*" among them: every site, and then never with
// credentials.
[[nodiscard]] Middleware cors(std::vector<std::string> origins = {},
                              CorsCredentials credentials = CorsCredentials::none);

// Asks for a user and a password (RFC 7617), which `check` knows. It is called by the core that serves the request, and
// must not take long.
[[nodiscard]] Middleware basic_auth(std::string realm,
                                    std::function<bool(std::string_view user, std::string_view password)> check);

// Content of more than `octets` is answered with 413 where it is announced.
[[nodiscard]] Middleware content_at_most(std::uint64_t octets);

// A request that takes longer is answered with 503, and its handler's task ends where it waits; inside offload() it
// ends when the function returns, but the answer does not wait for that. The time is the handler's: a stream that it
// returns is made afterwards, and takes as long as it takes.
[[nodiscard]] Middleware time_out(std::chrono::milliseconds time);

// Every request has an id, from its X-Request-Id or a new one; the answer tells it.
[[nodiscard]] Middleware request_id();

// Content in memory that is text, of `octets_min` or more, is sent in br, zstd or gzip, whichever the client likes
// best. Left as they are: parts (206), and what says Cache-Control: no-transform. A strong ETag of the handler's gets a
// suffix, "v1-gzip-made", since these are other octets (RFC 9110 §8.8.3); a request that names that one in
// If-None-Match is answered with 304.
[[nodiscard]] Middleware compression(std::size_t octets_min = 1024);

}  // namespace portico
