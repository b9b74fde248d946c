// portico/app/conversation.h — copies standard input to a peer, and the peer's octets to standard output: the core of
// `portico connect`.
//
// Room app: see command.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/task.h"
#include "portico/io/datagram.h"
#include "portico/io/stream.h"
#include "portico/link/transport.h"

namespace portico::app {

enum class LineEnds : std::uint8_t { as_they_are, crlf };
enum class Typing : std::uint8_t { no, yes };  // yes: a person at a terminal. ^] or the peer ends it
// How to write what was received: unchanged, or with the characters that would control a terminal made visible
// (StreamPrinter).
enum class Showing : std::uint8_t { unchanged, printable };

struct ConversationOptions {
    LineEnds line_ends = LineEnds::as_they_are;
    Typing typing = Typing::no;
    Showing showing = Showing::unchanged;
    // The conversation ends when nothing has been sent or received for this long.
    std::optional<io::Duration> idle_max = std::nullopt;
};

enum class Ending : std::uint8_t {
    done,            // the peer half-closed, or (datagrams) nothing more came after the end of input
    escaped,         // ^] was typed
    idle,            // idle_max has passed
    receive_failed,  // the connection to the peer was lost
    cut,             // with TLS: the peer's octets ended without its word (close_notify), so some may be missing
    send_failed,     // the peer did not take what was sent, and then ended
    output_failed,   // what was received could not be written to standard output
    input_failed,    // standard input could not be read
};

struct ConversationEnd {
    Ending ending = Ending::done;
    int number = 0;             // the failure's errno value
    bool has_received = false;  // at least one octet or datagram
};

// Copies in both directions at once. At the end of input, half-closes and goes on reading until the peer ends. If the
// peer ends first: at a terminal, sends nothing more; otherwise sends the rest of the input, until the input has ended
// or been silent for two seconds, since the peer may no longer read. A TLS stream that was cut ends it at once.
Task<ConversationEnd> converse(link::Transport peer, io::Stdio stdio, ConversationOptions options);

inline Task<ConversationEnd> converse(io::Stream peer, io::Stdio stdio, ConversationOptions options) {
    return converse(link::Transport(std::move(peer)), std::move(stdio), options);
}

// Like converse(), over a connected datagram socket. Each read of input is sent as one datagram; an input without any
// octet is sent as one empty datagram. A datagram socket has no end: after the end of input, silence for idle_max, or
// for one second, ends the conversation.
Task<ConversationEnd> converse_by_datagram(io::Datagram peer, io::SocketAddress address, io::Stdio stdio,
                                           ConversationOptions options);

// Returns `octets` with a CR added before every LF that has none. `after_cr`: the octet before was a CR; updated.
std::string with_crlf(std::string_view octets, bool& after_cr);

}  // namespace portico::app
