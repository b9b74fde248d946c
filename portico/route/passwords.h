// portico/route/passwords.h — who is admitted, and what checking passwords may cost. The comments are the manual.
//
// Room route: see handler.h.
// Threads:   none; values.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace portico::route {

// A user who is admitted: the name and the hash of the password, as `portico hash-password` prints it.
struct Credential {
    std::string user;
    std::string hash;

    friend bool operator==(const Credential&, const Credential&) = default;
};

// A password check is slow on purpose, so attackers try to make the server perform many. All counts are for each core.
// An IPv4 address, an IPv6 /64 and all peers on Unix sockets together count as one address. If all clients come through
// a proxy, they have one address: then raise the limits for each address.
struct PasswordLimits {
    // Passwords that are checked at the same time; further requests wait. One more place is kept for credentials that
    // have been right within known_for, so that they never wait for strangers.
    unsigned at_once_max = 2;
    // The same for one address.
    unsigned at_once_per_address_max = 1;
    // Requests that wait for a check; further ones are answered with 503. Requests with known credentials are first in
    // line, and are counted separately. Addresses that sent a wrong password within the last minute are last in line.
    std::size_t waiting_max = 64;
    // The same for one address.
    std::size_t waiting_per_address_max = 16;
    // How long credentials that were right are trusted without another check. Each use restarts this time.
    std::chrono::milliseconds trusted_for{10'000};
    // How long credentials that were right are known. Each use restarts this time.
    std::chrono::milliseconds known_for{3'600'000};
    // How long a refusal is held back, so that a client can't try many passwords on one connection. Zero: not at all.
    std::chrono::milliseconds refusal_pause{1000};

    friend bool operator==(const PasswordLimits&, const PasswordLimits&) = default;
};

struct Passwords {
    std::vector<Credential> users;
    // The name that the browser shows when it asks for a password. Printable ASCII.
    std::string realm = "Portico";
    PasswordLimits limits;

    friend bool operator==(const Passwords&, const Passwords&) = default;
};

}  // namespace portico::route
