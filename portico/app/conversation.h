// portico/app/conversation.h — standard input to a peer and the peer to standard output: the middle of `portico
// connect`.
//
// Room app: see command.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/io/datagram.h"
#include "portico/io/stream.h"

namespace portico::app {

enum class LineEnds : std::uint8_t { as_they_are, crlf };
enum class Typing : std::uint8_t { no, yes };  // a person at a terminal: ^] ends the conversation, and so does the peer
// How what was received is written: unchanged, or with everything visible that would steer a terminal (StreamPrinter).
enum class Showing : std::uint8_t { unchanged, printable };

struct ConversationOptions {
    LineEnds line_ends = LineEnds::as_they_are;
    Typing typing = Typing::no;
    Showing showing = Showing::unchanged;
    // The conversation ends when nothing has been sent or received for this long.
    std::optional<io::Duration> idle_max = std::nullopt;
};

enum class Ending : std::uint8_t {
    done,            // the peer ended, or (datagrams) nothing more came after the end of input
    escaped,         // ^] was typed
    idle,            // idle_max has passed
    receive_failed,  // the peer was lost
    send_failed,     // it did not take what was sent, and then ended
    output_failed,   // standard output did not take what was received
    input_failed,    // standard input could not be read
};

struct ConversationEnd {
    Ending ending = Ending::done;
    int number = 0;             // of the failure: an errno value
    bool has_received = false;  // anything at all
};

// Both directions at once. The end of input half-closes, and then reading goes on until the peer ends. Where the peer
// ends first, what input still has is sent: at a terminal nothing, else until it has ended or been silent for two
// seconds, since nobody may be reading any more.
Task<ConversationEnd> converse(io::Stream peer, io::Stdio stdio, ConversationOptions options);

// The same over a connected datagram socket. What one read of input gives is one datagram, no input at all is an empty
// one. A datagram has no end: after the end of input, silence for idle_max, or a second, is the end.
Task<ConversationEnd> converse_by_datagram(io::Datagram peer, io::SocketAddress address, io::Stdio stdio,
                                           ConversationOptions options);

// `octets` with a CR before every LF that has none. `after_cr`: the octet before was a CR; updated.
std::string with_crlf(std::string_view octets, bool& after_cr);

}  // namespace portico::app
