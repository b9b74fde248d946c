// portico/services/echo.cc — see echo.h.
#include "portico/services/echo.h"

namespace portico::services {
namespace {

// Until `from` ends or one of the two fails. What was read is written before more is read: that is the back-pressure.
Task<void> copy(io::Core& core, io::Stream& from, io::Stream& to) {
    for (;;) {
        const io::Result<Buffer> octets = co_await from.read(core.buffers(), io::never);
        if (!octets || octets->empty()) co_return;
        const io::Result<void> written = co_await to.write_all(octets->octets(), io::never);
        if (!written) co_return;
    }
}

}  // namespace

Task<void> Echo::serve(io::Stream stream) {
    co_await copy(*core_, stream, stream);
    // The peer has sent its last and we have sent it back: nothing unread is left that would make the close a reset.
    static_cast<void>(stream.finish_sending());
}

Task<void> Echo::serve_stdio(io::Stdio stdio) {
    co_await copy(*core_, stdio.input, stdio.output);
    static_cast<void>(stdio.output.finish_sending());  // it matters where inetd gave us a socket
}

Task<void> Echo::answer(io::Datagram socket) {
    DatagramBatch batch(*core_, datagram_room);
    peers_.add_own(socket.local());
    socket.coalesce();  // what comes together goes back together
    for (;;) {
        const bool goes_on = co_await batch.receive(socket);
        if (!goes_on) co_return;
        batch.keep(peers_);
        co_await batch.send_all(socket);
    }
}

}  // namespace portico::services
