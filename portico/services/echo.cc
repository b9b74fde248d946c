// portico/services/echo.cc — see echo.h.
#include "portico/services/echo.h"

namespace portico::services {
namespace {

// Copies until `from` ends or one of the two fails. Everything read is written before more is read, so a peer that does
// not read is not read from.
Task<io::Result<void>> copy(io::Core& core, io::Stream& from, io::Stream& to) {
    for (;;) {
        const io::Result<Buffer> octets = co_await from.read(core.buffers(), io::never);
        if (!octets) co_return std::unexpected(octets.error());
        if (octets->empty()) co_return io::Result<void>();
        const io::Result<void> written = co_await to.write_all(octets->octets(), io::never);
        if (!written) co_return std::unexpected(written.error());
    }
}

}  // namespace

Task<void> Echo::serve(io::Stream stream) {
    const io::Result<void> copied = co_await copy(*core_, stream, stream);
    if (!copied) co_return;
    // The peer has ended and everything has been sent back: there is no unread data that would turn the close into a
    // reset.
    static_cast<void>(stream.finish_sending());
}

Task<io::Result<void>> Echo::serve_stdio(io::Stdio stdio) {
    io::Result<void> copied = co_await copy(*core_, stdio.input, stdio.output);
    if (copied) {
        static_cast<void>(stdio.output.finish_sending());  // for inetd, which passes a socket
    } else {
        stdio.output.abort_on_close();
    }
    co_return copied;
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
