// portico/server/access_line.h — formats one entry of the access log as a line.
//
// Room server: see limits.h.
// Threads:   one thread's: the log's writer. Octets that a peer chose never end a line, close a quotation or reach a
//            terminal as control characters. They are escaped, so that a peer cannot forge an entry.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "portico/server/access_log.h"

namespace portico::server {

enum class LineDate : std::uint8_t { omitted, written };  // `text` only: useful in a file, but not on a terminal

// Writes lines. docs/access-log.md describes each format; `combined` is Apache's, to the octet.
class AccessLineWriter {
public:
    AccessLineWriter(LogFormat format, Colour colour, LineDate date) : format_(format), colour_(colour), date_(date) {}

    // Returns the most octets that write() may need.
    [[nodiscard]] static std::size_t octets_at_most(const AccessEntry& entry);
    // Writes the entry's line, with its newline, to the front of `room`, which has octets_at_most octets. Returns how
    // many octets it wrote.
    std::size_t write(const AccessEntry& entry, std::span<char> room);

private:
    char* write_text(const AccessEntry& entry, char* to);
    char* write_json(const AccessEntry& entry, char* to);
    char* write_combined(const AccessEntry& entry, char* to);
    // A Unix socket's clients have no address: "unix:". Valid until the next call.
    std::string_view client_text(const io::SocketAddress& peer);
    void format_second(std::chrono::sys_seconds second);

    LogFormat format_;
    Colour colour_;
    LineDate date_;
    // Most entries fall into the same second as the one before, so the second's text is kept.
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::array<char, 48> second_text_{};
    std::size_t second_octets_ = 0;
    io::IpAddress client_;  // the address whose text client_text_ keeps
    std::string client_text_;
};

}  // namespace portico::server
