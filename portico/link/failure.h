// portico/link/failure.h — why a client has no response, or not all of it.
//
// Room link: see h1_inbound.h.
// Threads:   none. Values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace portico::link {

// Why there is no response, or not all of it.
struct Failure {
    // What the caller can do about it.
    enum class Kind : std::uint8_t {
        misuse,          // the request can't be sent as it is: its URI, method or fields
        not_resolved,    // the host has no address
        not_connected,   // no address of the host answers
        not_secured,     // the TLS handshake failed
        not_trusted,     // the server has no certificate for the host from a trusted authority
        no_content,      // the content of the request could not be completed: its producer failed
        not_repeatable,  // the content of the request would have to be made again, which its producer can't
        not_sent,        // the connection was lost while the request was sent
        no_answer,       // the server ended the connection without an octet of an answer
        not_received,    // the connection was lost during the answer
        malformed,       // the answer is not HTTP, is ambiguous, or exceeds a limit of its framing
        incomplete,      // the content ended before its announced end
        too_large,       // the content is larger than the caller wants
        too_many_redirects,
        timed_out,
        no_memory,  // the core's memory is short (Ledger)
        stopped,    // the task was asked to stop
    };
    Kind kind;
    std::string message;  // a sentence without a full stop; peers' words in it are printable
};

// A value, or why the server did not provide it.
template <class T>
using Answered = std::expected<T, Failure>;

}  // namespace portico::link
