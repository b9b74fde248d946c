// examples/sockets/count.cc — a server that reads everything, and then answers how much that was.
//
// usage: count [ENDPOINT]
#include <string>

#include "examples/sockets/service.h"

namespace io = portico::io;
using portico::Task;

namespace {

Task<void> count(io::Core& core, io::Stream client) {
    std::size_t octets = 0;
    for (;;) {
        const io::Result<portico::Buffer> received = co_await client.read(core.buffers(), io::never);
        if (!received) co_return;      // the connection is lost: there is no client to answer
        if (received->empty()) break;  // the client sends no more, but still reads
        octets += received->size();
    }
    const std::string answer = std::to_string(octets) + " octets\n";
    co_await client.write_all(answer, core.now() + std::chrono::seconds(30));
}

}  // namespace

int main(int argc, char** argv) { return service::run(argc > 1 ? argv[1] : "127.0.0.1:8080", count); }
