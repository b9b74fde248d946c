// portico/app/conversation_end.cc — see conversation_end.h.
//
// Room app: see command.h.
#include "portico/app/conversation_end.h"

#include <fmt/core.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "portico/app/command.h"
#include "portico/app/notice.h"
#include "portico/base/quantity.h"

namespace portico::app {

int explain(const ConversationEnd& end, const std::string& peer, std::optional<io::Duration> idle_max) {
    const char* const why = std::strerror(end.number);
    switch (end.ending) {
        case Ending::done:
        case Ending::escaped: return exit_ok;
        case Ending::idle: {
            const auto silence =
                std::chrono::duration_cast<std::chrono::milliseconds>(idle_max.value_or(io::Duration::zero()));
            complain(fmt::format("no data from {} for {}", peer, duration_text(silence)));
            return exit_timed_out;
        }
        case Ending::receive_failed:
            complain(fmt::format("lost the connection to {}: {}", peer, why));
            return exit_not_received;
        case Ending::cut:
            complain(fmt::format("{} ended the connection without close_notify: bytes may be missing", peer));
            return exit_incomplete;
        case Ending::send_failed: complain(fmt::format("cannot send to {}: {}", peer, why)); return exit_not_sent;
        case Ending::output_failed:
            // EPIPE: the reader of our output has read enough, as in `| head`.
            if (end.number != EPIPE) complain(fmt::format("standard output could not be written: {}", why));
            return exit_not_written;
        case Ending::input_failed:
            complain(fmt::format("standard input could not be read: {}", why));
            return exit_not_read;
    }
    return exit_failure;
}

}  // namespace portico::app
