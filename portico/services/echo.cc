// portico/services/echo.cc — see echo.h.
#include "portico/services/echo.h"

#include <chrono>
#include <cstddef>

#include "portico/services/copy.h"
#include "portico/services/secure.h"

namespace portico::services {
namespace {

// How long the last words of a client may take, once it has said that nothing more follows.
constexpr auto ending_time_max = std::chrono::seconds(5);
constexpr std::size_t ending_octets_max = 64 * 1024;

}  // namespace

Task<void> Echo::serve(io::Stream stream) {
    // Once the peer has ended and everything has been sent back, there is no unread data that would turn the close into
    // a reset.
    const io::Result<std::uint64_t> copied = co_await copy(stream, stream);
    static_cast<void>(copied);  // the peer of a stream that failed has left
}

Task<void> Echo::serve_secure(link::Transport transport) {
    for (;;) {
        const io::Result<Buffer> octets = co_await read(transport, io::never);
        if (octets && octets->empty()) break;
        bool goes_on = octets.has_value();
        if (goes_on) {
            const io::Result<void> written = co_await write_all(transport, octets->octets(), io::never);
            goes_on = written.has_value();
        }
        if (!goes_on) {
            transport.abort_on_close();
            co_return;
        }
    }
    co_await transport.drain(ending_time_max, ending_octets_max);
}

Task<io::Result<void>> Echo::serve_stdio(io::Stdio stdio) {
    // The output's end matters to inetd, which passes a socket.
    const io::Result<std::uint64_t> copied = co_await copy(stdio.input, stdio.output);
    if (copied) co_return io::Result<void>();
    stdio.output.abort_on_close();
    co_return std::unexpected(copied.error());
}

Task<void> Echo::answer(io::Datagram socket) {
    DatagramBatch batch(*core_, datagram_room);
    peers_.add_own(socket.local());
    socket.coalesce();  // datagrams that arrive together are sent back together
    for (;;) {
        const bool goes_on = co_await batch.receive(socket);
        if (!goes_on) co_return;
        batch.keep(peers_);
        co_await batch.send_all(socket);
    }
}

}  // namespace portico::services
