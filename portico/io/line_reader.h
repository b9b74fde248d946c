// portico/io/line_reader.h — reads a stream, or anything like it, line by line.
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "portico/io/stream.h"

namespace portico::io {

// What ended a line: LF, CR and LF, or the end of the stream.
enum class LineEnd : std::uint8_t { lf, crlf, end_of_stream };

// One line.
struct Line {
    std::string_view text;  // without its end; valid until the reader's next call
    LineEnd end;            // end_of_stream: this is the last line
};

// Reads lines of at most `octets_max` octets, not counting their ends, from a stream that outlives it. A CR is part of
// the line unless LF follows.
class LineReader {
public:
    // Reads nothing yet. The first read allocates memory for one line of `octets_max`.
    LineReader(Stream& stream, std::size_t octets_max);
    // What reads octets, as Stream::read() does, from something else than a Stream.
    using ReadOctets = std::function<Task<Result<std::size_t>>(std::span<char> room, TimePoint deadline)>;
    // The same for what `read` reads.
    LineReader(ReadOctets read, std::size_t octets_max);

    // Returns the next line; nothing at the end of the stream. EMSGSIZE if the line is too long, now and on every later
    // call; its buffered part can still be read with read(). After any other error the call may be repeated.
    Task<Result<std::optional<Line>>> read_line(TimePoint deadline);

    // Reads unchanged octets: first those received after the last line, then the stream's. 0 at the end of the stream.
    Task<Result<std::size_t>> read(std::span<char> room, TimePoint deadline);

    // The octets received after the last line.
    [[nodiscard]] std::string_view buffered() const { return {octets_.data() + first_, filled_ - first_}; }

private:
    std::optional<Line> take_line();
    void make_room();
    Task<Result<std::size_t>> receive(std::span<char> room, TimePoint deadline);

    Stream* stream_ = nullptr;  // or else octets come from read_
    ReadOctets read_;
    std::size_t octets_max_;
    std::vector<char> octets_;  // [first_, filled_) is buffered; allocated by the first read
    std::size_t first_ = 0;
    std::size_t filled_ = 0;
    std::size_t searched_ = 0;  // no LF in [first_, searched_)
    bool is_too_long_ = false;
};

}  // namespace portico::io
