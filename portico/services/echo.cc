// portico/services/echo.cc — see echo.h.
#include "portico/services/echo.h"

#include "portico/services/copy.h"

namespace portico::services {

Task<void> Echo::serve(io::Stream stream) {
    // Once the peer has ended and everything has been sent back, there is no unread data that would turn the close into
    // a reset.
    const io::Result<std::uint64_t> copied = co_await copy(stream, stream);
    static_cast<void>(copied);  // the peer of a stream that failed has left
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
