// portico/embed/rate_limit.h — middleware that limits how often each client may ask.
//
//   server.use(portico::rate_limit({100, std::chrono::minutes(1)}));
//
// Room embed: see response.h.
// Threads:   all cores share one count of each client: each request takes one of a few locks for some instructions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "portico/embed/next.h"
#include "portico/embed/request.h"

namespace portico {

// How often each client may ask. It has a bucket with room for `burst` requests, which fills up again at an even pace
// of `requests` in each time `per`; each request takes one out.
class RateLimitOptions {
public:
    // So many requests in so much time, as in rate_limit({100, std::chrono::minutes(1)}).
    // NOLINTNEXTLINE(google-explicit-constructor): see above
    RateLimitOptions(std::uint64_t the_requests, std::chrono::milliseconds the_time)
        : requests(the_requests), per(the_time) {}

    std::uint64_t requests;         // at least 1
    std::chrono::milliseconds per;  // at least 1 ms
    std::uint64_t burst = 0;        // how many may come at once; 0: `requests`
    // Who is limited: what it returns, such as the user's name. Empty, or if it returns an empty text: the client's
    // address (Request::client()), or for IPv6 its /64, the network that one customer has.
    std::function<std::string(const Request& request)> key;
    // How many clients are remembered at most, 16 octets each. If more come, those are forgotten first whose buckets
    // are the fullest, among those that share a part of the table.
    std::size_t clients_max = 16'384;
};

// Answers 429 (RFC 6585 §4), with Retry-After, if a client asks more often than it may. It counts the requests that
// pass it, on all threads together, from when the server was made: a set of routes that replaces others begins anew.
// Clients on Unix sockets share one bucket unless a trusted proxy names them.
[[nodiscard]] Middleware rate_limit(RateLimitOptions options);

}  // namespace portico
