// portico/base/printable.h — makes octets from elsewhere safe for a terminal or a line of a log.
//
// Room base: see fd.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace portico {

// Returns UTF-8 text unchanged, and makes everything visible that could control a terminal: control characters (also
// U+0080 to U+009F, and line ends) and octets that are not UTF-8 are written as "\x1b".
[[nodiscard]] std::string printable(std::string_view octets);

// Like printable(), for a stream of octets shown on a terminal: LF, CRLF and HTAB pass, and a character may arrive in
// pieces. A CR without an LF after it is written as "\r", because it would let later text overwrite its line.
class StreamPrinter {
public:
    // Returns the text to show for `octets`. An incomplete character or line end is kept for the next call.
    [[nodiscard]] std::string print(std::string_view octets);
    // Returns what has been kept, at the end of the stream.
    [[nodiscard]] std::string finish();

private:
    void take(std::string& text, char octet);

    std::string pending_;               // the start of a character, at most 3 octets
    std::size_t carriage_returns_ = 0;  // number that have not been shown
};

}  // namespace portico
