// portico/app/line_printer.h — lines on standard output that never hold up the loop.
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

// A reader of our output that does not read costs lines, not service: what does not fit its pipe is kept up to 64 KiB,
// and what comes then is left out and counted.
class LinePrinter {
public:
    LinePrinter(io::Core& core, io::Stream output) : core_(&core), output_(std::move(output)) {}

    // `line` without its end.
    void print(std::string_view line);
    // Writes until asked to stop; the printer outlives it. What has not been written by then is dropped.
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
