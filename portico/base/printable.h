// portico/base/printable.h — octets from elsewhere, made fit for a terminal or a line of a log.
//
// Room base: see fd.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace portico {

// UTF-8 text as it is, everything that could steer a terminal visible: control characters (also U+0080 to U+009F, and a
// line's end) and octets that are not UTF-8 are written as "\x1b".
[[nodiscard]] std::string printable(std::string_view octets);

// The same for a stream of octets that is shown on a terminal: LF, CRLF and HTAB pass, and a character may arrive in
// pieces. A CR that no LF follows is written as "\r": it would let the next text overwrite what stands in its line.
class StreamPrinter {
public:
    // What to show for `octets`; the end of an incomplete character or line end is kept for the next call.
    [[nodiscard]] std::string print(std::string_view octets);
    // What has been kept, at the end of the stream.
    [[nodiscard]] std::string finish();

private:
    void take(std::string& text, char octet);

    std::string pending_;               // the start of a character, at most 3 octets
    std::size_t carriage_returns_ = 0;  // that have not been shown
};

}  // namespace portico
