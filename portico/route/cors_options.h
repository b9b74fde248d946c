// portico/route/cors_options.h — what scripts of other sites may do (WHATWG Fetch, "CORS protocol").
//
// Room route: see handler.h.
// Threads:   none; values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace portico::route {

// Whether scripts of other sites may send cookies and passwords, and so read answers that are meant for the user.
enum class CorsCredentials : std::uint8_t { none, allowed };

// What Cors allows.
struct CorsOptions {
    // As browsers send them: "https://app.example". If the list is empty or contains "*", every site is allowed, but
    // never with credentials.
    std::vector<std::string> origins;
    CorsCredentials credentials = CorsCredentials::none;
    // What the answer to a preflight request allows: methods, and fields of requests. Empty: what it asks for.
    std::string methods;
    std::string request_fields;
    // The fields that scripts may read besides the usual ones: "ETag, X-Request-Id". Empty: no others.
    std::string exposed_fields;
    // For how long a browser may remember the answer to a preflight request. Browsers have limits of their own.
    std::chrono::seconds preflight_time{86'400};
};

}  // namespace portico::route
