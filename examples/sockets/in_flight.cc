// examples/sockets/in_flight.cc — what happens to octets in flight when their sender closes.
//
// usage: in_flight
//
// A server answers with 16 MiB but has not read everything that the client sent. Closing now resets the connection,
// which discards what the client has not received yet (RFC 9293 §3.6.1). If the server drains first, nothing is lost.
#include <array>
#include <cstdio>
#include <string>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/stream.h"

namespace io = portico::io;
using portico::Task;

namespace {

constexpr std::size_t answer_octets = 16 * 1024 * 1024;
enum class Ending { close, drain_and_close };

Task<void> answer(io::Stream client, Ending ending) {
    std::array<char, 4> room{};  // of the client's "more than four"
    const std::string octets(answer_octets, 'a');
    const io::Result<std::size_t> read = co_await client.read(room, io::never);
    if (!read) co_return;
    const io::Result<void> written = co_await client.write_all(octets, io::never);
    if (!written || ending == Ending::close) co_return;  // the stream is destroyed here, which closes it
    co_await io::drain_and_close(std::move(client), std::chrono::seconds(5), 1 << 20);
}

Task<io::Result<std::size_t>> read_to_the_end(io::Stream& stream) {
    std::array<char, 16 * 1024> room{};
    for (std::size_t received = 0;;) {
        const io::Result<std::size_t> octets = co_await stream.read(room, io::never);
        if (!octets) co_return std::unexpected(octets.error());
        if (*octets == 0) co_return received;
        received += *octets;
    }
}

Task<int> converse(io::Core& core, Ending ending) {
    const io::SocketAddress any_port = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<io::Listener> listener = io::Listener::open(core, any_port);
    if (!listener) co_return 1;
    io::Result<io::Stream> client = co_await io::connect(core, listener->local(), io::never);
    io::Result<io::Accepted> server = co_await listener->accept();
    if (!client || !server) co_return 1;
    const io::Result<void> asked = co_await client->write_all("more than four", io::never);
    if (!asked || !client->finish_sending()) co_return 1;

    io::Scope scope;
    scope.start(answer(std::move(server->stream), ending));
    const io::Result<std::size_t> received = co_await read_to_the_end(*client);
    co_await scope.join();
    const char* const what = ending == Ending::close ? "close" : "drain and close";
    if (received) {
        std::printf("%-16s all %zu octets, then the end\n", what, *received);
    } else {
        std::printf("%-16s some octets, then %s\n", what, io::describe(received.error()).c_str());
    }
    co_return 0;
}

}  // namespace

int main() {
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    for (const Ending ending : {Ending::close, Ending::drain_and_close}) {
        if (io::run_task(core, converse(core, ending)) != 0) return 1;
    }
    return 0;
}
