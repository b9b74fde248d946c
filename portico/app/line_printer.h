// portico/app/line_printer.h — prints lines on standard output without ever blocking the loop.
//
// Room app: see command.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "portico/io/gate.h"
#include "portico/io/stream.h"

namespace portico::app {

// If nothing reads standard output, lines are lost, but the service goes on: up to 64 KiB that do not fit into the pipe
// are kept, and further lines are dropped and counted.
class LinePrinter {
public:
    LinePrinter(io::Core& core, io::Stream output) : core_(&core), output_(std::move(output)) {}

    // `line` has no line end.
    void print(std::string_view line);
    // Writes until asked to stop; the printer outlives this task. Lines that have not been written by then are dropped.
    Task<void> run();

private:
    static constexpr std::size_t octets_max = 64 * 1024;

    io::Core* core_;
    io::Stream output_;
    io::Gate news_;
    std::string waiting_;
    std::size_t left_out_ = 0;  // lines
};

}  // namespace portico::app
