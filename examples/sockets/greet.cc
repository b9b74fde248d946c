// examples/sockets/greet.cc — a server that reads lines; each line is a name to greet.
//
// usage: greet [ENDPOINT]
#include <string>

#include "examples/sockets/service.h"
#include "portico/io/line_reader.h"

namespace io = portico::io;
using portico::Task;

namespace {

constexpr std::size_t name_octets_max = 64;

Task<void> greet(io::Core& core, io::Stream client) {
    io::LineReader lines(client, name_octets_max);
    for (;;) {
        const auto line = co_await lines.read_line(core.now() + std::chrono::seconds(30));
        std::string answer;
        if (!line && line.error().number == EMSGSIZE) answer = "that is no name\n";
        if (line && *line) answer = "Hello, " + std::string((*line)->text) + "\n";
        if (answer.empty()) co_return;  // the end of the stream, or the connection is lost
        const io::Result<void> said = co_await client.write_all(answer, core.now() + std::chrono::seconds(30));
        if (!said) co_return;
        if (!line) break;
    }
    co_await io::drain_and_close(std::move(client), std::chrono::seconds(5), 1 << 20);
}

}  // namespace

int main(int argc, char** argv) { return service::run(argc > 1 ? argv[1] : "127.0.0.1:8080", greet); }
