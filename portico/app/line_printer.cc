// portico/app/line_printer.cc — see line_printer.h.
//
// Room app: see command.h.
#include "portico/app/line_printer.h"

#include <fmt/core.h>

#include <utility>

namespace portico::app {

void LinePrinter::print(std::string_view line) {
    if (waiting_.size() + line.size() >= octets_max) {
        ++left_out_;
        return;
    }
    if (left_out_ > 0) waiting_ += fmt::format("({} lines left out)\n", std::exchange(left_out_, 0));
    waiting_ += line;
    waiting_ += '\n';
    news_.open();
}

Task<void> LinePrinter::run() {
    for (;;) {
        while (waiting_.empty()) {
            const io::Result<void> news = co_await news_.wait(*core_, io::never);
            if (!news) co_return;
        }
        const std::string text = std::exchange(waiting_, {});
        const io::Result<void> written = co_await output_.write_all(text, io::never);
        if (!written) co_return;
    }
}

}  // namespace portico::app
